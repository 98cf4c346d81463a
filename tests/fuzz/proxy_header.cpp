// A PROXY header is the one that a slow reading of whole headers finds. More bytes change no decision, every
// proper prefix of a header waits, and what waits can go on.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "require.hpp"
#include "transport/proxy_protocol.hpp"

using namespace postern;
using fuzz::require;
using State = transport::ProxyHeaderState;
using Address = std::array<unsigned char, 16>;

namespace {

struct Reading {
  std::size_t size = 0;
  std::optional<Address> source;
  std::size_t checksum_at = 0;  // 0: none; whether it is right is not read
};

std::vector<std::string> split(const std::string& text, char delimiter) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == delimiter) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<unsigned> number(const std::string& text, const char* digits, unsigned base,
                               std::size_t longest) {
  unsigned value = 0;
  for (const char c : text) {
    const std::size_t digit = std::string(digits).find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (digit == std::string::npos || text.size() > longest) return {};
    value = value * base + static_cast<unsigned>(digit);
  }
  return text.empty() ? std::optional<unsigned>() : value;
}

std::optional<unsigned> decimal(const std::string& text, unsigned largest) {
  const auto value = number(text, "0123456789", 10, 5);
  return value && *value <= largest && std::to_string(*value) == text ? value : std::nullopt;
}

std::optional<Address> ipv4(const std::string& text) {
  Address address{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const auto parts = split(text, '.');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto value = decimal(parts[i], 255);
    if (parts.size() != 4 || !value) return {};
    address[12 + i] = static_cast<unsigned char>(*value);
  }
  return address;
}

// The bytes of groups between colons, of which the last of all may be dotted.
std::optional<std::string> groups(const std::string& text, bool may_be_dotted) {
  std::string bytes;
  const auto parts = split(text, ':');
  for (std::size_t i = 0; i < parts.size() && !text.empty(); ++i) {
    if (const auto dotted = ipv4(parts[i]); dotted && may_be_dotted && i + 1 == parts.size()) {
      bytes.append(dotted->begin() + 12, dotted->end());
    } else if (const auto value = number(parts[i], "0123456789abcdef", 16, 4)) {
      bytes += static_cast<char>(*value >> 8);
      bytes += static_cast<char>(*value & 0xFF);
    } else {
      return {};
    }
  }
  return bytes;
}

std::optional<Address> ipv6(const std::string& text) {
  const std::size_t gap = text.find("::");
  const auto front = groups(text.substr(0, gap), gap == std::string::npos);
  const auto back = groups(gap == std::string::npos ? "" : text.substr(gap + 2), true);
  if (!front || !back) return {};
  const std::size_t size = front->size() + back->size();
  if (gap == std::string::npos ? size != 16 : size > 14) return {};
  Address address{};
  std::copy(front->begin(), front->end(), address.begin());
  std::copy(back->begin(), back->end(), address.end() - static_cast<std::ptrdiff_t>(back->size()));
  return address;
}

std::optional<Reading> read_line(const std::string& bytes) {
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string::npos || end + 2 > 107) return {};
  const auto line = bytes.substr(0, end);
  const auto words = split(line, ' ');
  if (words.size() < 2 || words[0] != "PROXY") return {};
  if (words[1] == "UNKNOWN") {
    const auto is_control = [](unsigned char c) { return (c < 32 && c != '\t') || c == 127; };
    if (std::any_of(line.begin(), line.end(), is_control)) return {};
    return Reading{end + 2, {}};
  }
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return {};
  const auto address = words[1] == "TCP4" ? ipv4 : ipv6;
  const auto source = address(words[2]);
  if (!source || !address(words[3]) || !decimal(words[4], 65535) || !decimal(words[5], 65535)) return {};
  return Reading{end + 2, source};
}

std::optional<Reading> read_block(const std::string& bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (!bytes.starts_with(std::string("\r\n\r\n\0\r\nQUIT\n", 12)) || bytes.size() < 16) return {};
  Reading reading;
  reading.size = 16 + byte(14) * 256u + byte(15);
  if (bytes.size() < reading.size || reading.size > 16 + 4096) return {};
  const unsigned family = byte(13) >> 4;
  const unsigned transport = byte(13) & 15;
  if (byte(12) == 0x20 && family <= 3 && transport <= 2) return reading;
  if (byte(12) == 0x21 && byte(13) == 0) return reading;
  if (byte(12) != 0x21 || transport != 1 || family < 1 || family > 3) return {};
  std::size_t at = 16 + (family == 1 ? 12 : family == 2 ? 36 : 216);
  for (; at + 3 <= reading.size; at += 3 + byte(at + 1) * 256u + byte(at + 2)) {
    if (byte(at) != 3) continue;
    if (reading.checksum_at != 0 || byte(at + 1) != 0 || byte(at + 2) != 4) return {};
    reading.checksum_at = at + 3;
  }
  if (at != reading.size) return {};
  if (family == 1)
    reading.source =
        Address{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, byte(16), byte(17), byte(18), byte(19)};
  if (family == 2) {
    reading.source.emplace();
    for (std::size_t i = 0; i < 16; ++i) (*reading.source)[i] = byte(16 + i);
  }
  return reading;
}

// The division as on paper: the highest coefficient is the first byte's lowest bit.
void write_checksum(std::string& bytes, const Reading& reading) {
  bytes.replace(reading.checksum_at, 4, 4, '\0');
  std::vector<bool> bits;
  for (std::size_t i = 0; i < reading.size * 8; ++i) bits.push_back((bytes[i / 8] >> (i % 8) & 1) != 0);
  for (std::size_t i = 0; i < 32; ++i) bits[i] = !bits[i];
  bits.resize(bits.size() + 32);
  for (std::size_t i = 0; i + 32 < bits.size(); ++i) {
    if (!bits[i]) continue;
    for (std::size_t power = 0; power <= 32; ++power) {
      if ((0x11EDC6F41u >> power & 1) != 0) bits[i + 32 - power] = !bits[i + 32 - power];
    }
  }
  for (std::size_t i = 0; i < 32; ++i) {
    // The lowest coefficient is the value's highest bit.
    const bool bit = !bits[bits.size() - 1 - i];
    auto& byte = bytes[reading.checksum_at + i / 8];
    byte = static_cast<char>(byte | (bit ? 0x80 >> (i % 8) : 0));
  }
}

struct Result {
  State state;
  transport::ProxyHeader header;
};

Result parse(std::string_view bytes) {
  Result result;
  result.state = transport::parse_proxy_header(bytes, result.header);
  const auto& header = result.header;
  require(header.size <= bytes.size() && header.size <= transport::max_proxy_header,
          "a header is of bytes that are there");
  require((result.state == State::complete) == (header.size > 0), "a header has bytes");
  require(header.has_source || header.source == Address{}, "there is an address where it is said so");
  return result;
}

bool same(const transport::ProxyHeader& one, const transport::ProxyHeader& other) {
  return one.has_source == other.has_source && one.source == other.source && one.size == other.size;
}

void compare(const std::string& bytes) {
  const auto result = parse(bytes);
  auto reading = bytes.starts_with('\r') ? read_block(bytes) : read_line(bytes);
  if (reading && reading->checksum_at != 0) {
    std::string right = bytes;
    write_checksum(right, *reading);
    require(parse(right).state == State::complete, "a right checksum is right");
    if (right != bytes) reading.reset();
  }
  require(reading.has_value() == (result.state == State::complete), "both find a header or neither");
  if (!reading) return;
  const transport::ProxyHeader second{reading->source.has_value(), reading->source.value_or(Address{}),
                                      reading->size};
  require(same(result.header, second), "both find the same header");
}

// Some byte must not be refused next. The last byte of a block is left out: a checksum may not fit any more.
void require_way_on(std::string begun) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(begun[at]); };
  if (begun.size() >= 16 && begun.size() + 1 == 16 + byte(14) * 256u + byte(15)) return;
  begun.push_back('\0');
  for (int next = 0; next < 256; ++next) {
    begun.back() = static_cast<char>(next);
    if (parse(begun).state != State::refused) return;
  }
  require(false, "what waits can go on");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(fuzz::text_of(data + 1, size - 1));
  compare(bytes);
  auto before = parse("");
  require(before.state == State::incomplete, "nothing may become a header");
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    const auto now = parse(std::string_view(bytes).substr(0, cut));
    if (before.state == State::incomplete) {
      require(now.state != State::complete || now.header.size == cut, "a header is found at its last byte");
    } else {
      require(now.state == before.state && same(now.header, before.header), "more bytes change no decision");
    }
    before = now;
  }
  const std::size_t cut = data[0] * bytes.size() / 255;
  if (parse(std::string_view(bytes).substr(0, cut)).state == State::incomplete)
    require_way_on(bytes.substr(0, cut));
  return 0;
}
