#include "transport/proxy_protocol.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "http/byte_class.hpp"

namespace postern::transport {
namespace {

using State = ProxyHeaderState;
using Address = std::array<unsigned char, 16>;

constexpr std::string_view tcp4_start = "PROXY TCP4 ";
constexpr std::string_view tcp6_start = "PROXY TCP6 ";
constexpr std::string_view unknown_start = "PROXY UNKNOWN";
constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t fixed_size = 16;  // of version 2, before the addresses
constexpr unsigned checksum_type = 3;
constexpr std::size_t checksum_size = 4;
constexpr std::size_t never = std::string_view::npos;

// One is how the other begins.
constexpr bool agree(std::string_view one, std::string_view other) noexcept {
  const std::size_t size = std::min(one.size(), other.size());
  return one.substr(0, size) == other.substr(0, size);
}

constexpr unsigned byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}

// Of 4 or 16 bytes.
void set_source(ProxyHeader& header, const unsigned char* address, std::size_t size) noexcept {
  header.has_source = true;
  if (size == 4) header.source[10] = header.source[11] = 0xFF;
  std::copy_n(address, size, header.source.end() - size);
}

// ---- Version 1

// The address that `text` and `ending` make together.
bool is_address(int family, std::string_view text, std::string_view ending, Address& address) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != never) return false;
  if (ending.size() >= terminated.size() - text.size()) return false;
  std::copy(ending.begin(), ending.end(), std::copy(text.begin(), text.end(), terminated.begin()));
  return ::inet_pton(family, terminated.data(), address.data()) == 1;
}

// How many bytes `text` lacks at least until it is an address, or never; 0: it is `address`.
std::size_t missing_of_address(int family, std::string_view text, Address& address) noexcept {
  // What can become an address becomes one with one of these, the shortest first.
  constexpr std::string_view endings[] = {"",    ":",    "0",     "::",     ".0",
                                          "0.0", ".0.0", "0.0.0", ".0.0.0", "0.0.0.0"};
  for (const auto ending : endings) {
    if (is_address(family, text, ending, address)) return ending.size();
  }
  return never;
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() &&
         (text[0] != '0' || text.size() == 1);
}

// A port is a port after each of its digits.
std::size_t missing_of_port(std::string_view text) noexcept {
  if (text.empty()) return 1;
  return is_port(text) ? 0 : never;
}

State end_line(std::string_view line, std::size_t at, ProxyHeader& header) noexcept {
  if (line.size() == at) return State::incomplete;
  if (line[at] != '\n') return State::refused;
  header.size = at + 1;
  return State::complete;
}

State read_tcp_line(std::string_view line, int family, ProxyHeader& header) noexcept {
  struct Part {
    bool is_address;
    char delimiter;
    std::size_t after;  // bytes that the line needs behind it at least
  };
  constexpr Part parts[] = {
      {true, ' ', std::string_view(" :: 0 0\r\n").size()},
      {true, ' ', std::string_view(" 0 0\r\n").size()},
      {false, ' ', std::string_view(" 0\r\n").size()},
      {false, '\r', std::string_view("\r\n").size()},
  };
  Address source{};
  std::size_t at = tcp4_start.size();
  for (const Part& part : parts) {
    const std::size_t end = line.find(part.delimiter, at);
    const auto text = line.substr(at, end == never ? never : end - at);
    Address address;
    const auto missing = part.is_address ? missing_of_address(family, text, address) : missing_of_port(text);
    if (missing == never || (end != never && missing > 0)) return State::refused;
    if (at + text.size() + missing + part.after > max_proxy_header_v1) return State::refused;
    if (end == never) return State::incomplete;
    at = end + 1;
    if (&part == parts) source = address;
  }
  const State state = end_line(line, at, header);
  if (state == State::complete) set_source(header, source.data(), family == AF_INET ? 4 : 16);
  return state;
}

// What follows UNKNOWN means nothing, but it is text up to the one CRLF.
State read_unknown_line(std::string_view line, ProxyHeader& header) noexcept {
  const auto rest = line.substr(unknown_start.size());
  if (!rest.empty() && rest[0] != ' ' && rest[0] != '\r') return State::refused;
  const auto* end = std::find_if_not(line.begin(), line.end(), http::is_field_byte);
  const auto at = static_cast<std::size_t>(end - line.begin());
  if (at + 2 > max_proxy_header_v1 || (end != line.end() && *end != '\r')) return State::refused;
  return end == line.end() ? State::incomplete : end_line(line, at + 1, header);
}

State read_line(std::string_view line, ProxyHeader& header) noexcept {
  if (line.starts_with(tcp4_start)) return read_tcp_line(line, AF_INET, header);
  if (line.starts_with(tcp6_start)) return read_tcp_line(line, AF_INET6, header);
  if (line.starts_with(unknown_start)) return read_unknown_line(line, header);
  const bool begun = agree(line, tcp4_start) || agree(line, tcp6_start) || agree(line, unknown_start);
  return begun ? State::incomplete : State::refused;
}

// ---- Version 2

// CRC32c (RFC 4960 Appendix B) of the whole header with zeros for the checksum itself.
std::uint32_t checksum_of(std::string_view header, std::size_t checksum_at) noexcept {
  std::uint32_t crc = ~std::uint32_t{0};
  for (std::size_t at = 0; at < header.size(); ++at) {
    if (at - checksum_at >= checksum_size) crc ^= byte_at(header, at);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

std::uint32_t checksum_in(std::string_view header, std::size_t checksum_at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < checksum_size; ++i) value = value << 8 | byte_at(header, checksum_at + i);
  return value;
}

// The type-length-value vectors from `at` to `end`, of three bytes and a value each; `header` may be cut
// short. They need not be understood, but must fit.
State read_vectors(std::string_view header, std::size_t at, std::size_t end,
                   std::size_t& checksum_at) noexcept {
  const auto can_end_at = [end](std::size_t there) { return there == end || there + 3 <= end; };
  while (can_end_at(at) && at != end) {
    if (header.size() <= at) return State::incomplete;
    const bool is_checksum = byte_at(header, at) == checksum_type;
    // A second one would leave open which of the two is zeros for the other.
    if (is_checksum && (checksum_at != 0 || !can_end_at(at + 3 + checksum_size))) return State::refused;
    if (header.size() == at + 1) return State::incomplete;
    std::size_t size = byte_at(header, at + 1) << 8;
    if (at + 3 + size > end || (is_checksum && size != 0)) return State::refused;
    if (header.size() == at + 2) return State::incomplete;
    size |= byte_at(header, at + 2);
    if (is_checksum) {
      if (size != checksum_size) return State::refused;
      checksum_at = at + 3;
    }
    at += 3 + size;
  }
  return at == end ? State::complete : State::refused;
}

struct Kind {
  bool known = true;
  std::size_t addresses = 0;  // size of both addresses and ports
  std::size_t source = 0;     // size of the source's address, if it is one of IP
};

// What the command PROXY may say: UNSPEC, TCP over IPv4 or IPv6, UNIX stream. No datagrams: they do not come
// by TCP.
constexpr Kind kind_of(unsigned family_and_transport) noexcept {
  switch (family_and_transport) {
    case 0x00:
      return {};
    case 0x11:
      return {true, 12, 4};
    case 0x21:
      return {true, 36, 16};
    case 0x31:
      return {true, 216, 0};
    default:
      return {false};
  }
}

State read_addresses(std::string_view header, std::size_t end, const Kind& kind,
                     ProxyHeader& result) noexcept {
  std::size_t checksum_at = 0;
  const State state = read_vectors(header, fixed_size + kind.addresses, end, checksum_at);
  if (state == State::refused) return state;
  if (header.size() < end) return State::incomplete;
  if (checksum_at != 0 && checksum_of(header, checksum_at) != checksum_in(header, checksum_at)) {
    return State::refused;
  }
  const auto* source = reinterpret_cast<const unsigned char*>(header.data()) + fixed_size;
  if (kind.source > 0) set_source(result, source, kind.source);
  result.size = end;
  return State::complete;
}

State read_binary(std::string_view bytes, ProxyHeader& header) noexcept {
  if (!agree(bytes, signature)) return State::refused;
  if (bytes.size() <= 12) return State::incomplete;
  const unsigned command = byte_at(bytes, 12);
  const bool is_local = command == 0x20;
  if (!is_local && command != 0x21) return State::refused;
  if (bytes.size() == 13) return State::incomplete;
  const unsigned family_and_transport = byte_at(bytes, 13);
  const Kind kind = is_local ? Kind{} : kind_of(family_and_transport);
  if (family_and_transport >> 4 > 3 || (family_and_transport & 15) > 2 || !kind.known) return State::refused;
  if (bytes.size() == 14) return State::incomplete;
  std::size_t length = byte_at(bytes, 14) << 8;
  if (length > max_proxy_header - fixed_size) return State::refused;
  if (bytes.size() == 15) return State::incomplete;
  length |= byte_at(bytes, 15);
  if (length > max_proxy_header - fixed_size || length < kind.addresses) return State::refused;
  const std::size_t end = fixed_size + length;
  if (kind.addresses > 0) return read_addresses(bytes.substr(0, end), end, kind, header);
  // The block of LOCAL and of AF_UNSPEC is skipped unread, whatever it holds.
  if (bytes.size() < end) return State::incomplete;
  header.size = end;
  return State::complete;
}

}  // namespace

ProxyHeaderState parse_proxy_header(std::string_view bytes, ProxyHeader& header) noexcept {
  header = {};
  if (bytes.empty()) return State::incomplete;
  if (bytes[0] == signature[0]) return read_binary(bytes, header);
  return read_line(bytes.substr(0, max_proxy_header_v1), header);
}

}  // namespace postern::transport
