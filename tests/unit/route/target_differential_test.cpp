// The parser against the slowest and most obvious reading of the same rules, over seeded random targets.

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "route/target.hpp"

using postern::route::Target;
using postern::route::TargetFault;

namespace {

using Segments = std::vector<std::string>;

bool is_hex(char digit) {
  return std::string_view("0123456789abcdefABCDEF").find(digit) != std::string_view::npos;
}

// Python's urllib.parse.unquote_to_bytes: a '%' without two digits stays.
std::string unquote(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '%' && at + 2 < path.size() && is_hex(path[at + 1]) && is_hex(path[at + 2])) {
      out += static_cast<char>(std::stoi(std::string(path.substr(at + 1, 2)), nullptr, 16));
      at += 2;
    } else {
      out += path[at];
    }
  }
  return out;
}

// The code points, decoded without looking and then encoded again: only the shortest, valid form comes back
// the same.
std::optional<std::vector<char32_t>> code_points(const std::string& text) {
  std::vector<char32_t> points;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC0 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF8 ? 4
                                           : 0;
    if (size == 0 || at + size > text.size()) return std::nullopt;
    char32_t point = size == 1 ? lead : lead & (0xFFU >> (size + 1));
    for (std::size_t next = 1; next < size; ++next) {
      const auto byte = static_cast<unsigned char>(text[at + next]);
      if ((byte & 0xC0U) != 0x80U) return std::nullopt;
      point = point * 64 + (byte & 0x3FU);
    }
    const std::size_t shortest = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (size != shortest || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
    points.push_back(point);
    at += size;
  }
  return points;
}

Segments split_at_slashes(const std::string& path) {
  Segments segments;
  std::string segment;
  for (std::size_t at = 1; at < path.size(); ++at) {
    if (path[at] != '/') {
      segment += path[at];
      continue;
    }
    segments.push_back(segment);
    segment.clear();
  }
  if (!segment.empty()) segments.push_back(segment);
  return segments;
}

bool has_stray_percent(std::string_view path) {
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '%' && (at + 2 >= path.size() || !is_hex(path[at + 1]) || !is_hex(path[at + 2])))
      return true;
  }
  return false;
}

std::size_t count_of(std::string_view text, char wanted) {
  std::size_t count = 0;
  for (const char character : text) count += character == wanted ? 1 : 0;
  return count;
}

// The segments that Starlette would route by, or nothing when the gate is to refuse the origin-form target.
std::optional<Segments> obvious_reading(const std::string& target) {
  if (target.empty() || target[0] != '/') return std::nullopt;
  for (const char character : target) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte <= 0x20 || byte >= 0x7F || byte == '#') return std::nullopt;
  }
  const std::string path = target.substr(0, target.find('?'));
  for (const char character : path) {
    if (character == '\\') return std::nullopt;
  }
  const std::string decoded = unquote(path);
  if (has_stray_percent(path) || count_of(decoded, '/') != count_of(path, '/')) return std::nullopt;
  if (count_of(decoded, '\\') > 0) return std::nullopt;
  const auto points = code_points(decoded);
  if (!points) return std::nullopt;
  for (const char32_t point : *points) {
    if (point < 0x20 || (point >= 0x7F && point <= 0x9F)) return std::nullopt;
  }
  Segments segments = split_at_slashes(decoded);
  for (const std::string& segment : segments) {
    if (segment.empty() || segment == "." || segment == "..") return std::nullopt;
  }
  return segments;
}

std::string random_target(std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 56> pieces{"a",
                                                           "api",
                                                           "alice",
                                                           "bob",
                                                           "/",
                                                           "/",
                                                           "/",
                                                           "/",
                                                           "/x/",
                                                           "/%61/",
                                                           "%41",
                                                           "%7e",
                                                           "%2F",
                                                           "%2f",
                                                           "%5C",
                                                           "%2e",
                                                           "%2E",
                                                           ".",
                                                           "..",
                                                           "%25",
                                                           "%252F",
                                                           "%",
                                                           "%4",
                                                           "%zz",
                                                           "%C3",
                                                           "%A9",
                                                           "%C3%A9",
                                                           "%c2%85",
                                                           "%C2%A0",
                                                           "%ED%A0%80",
                                                           "%E2%82%AC",
                                                           "%F0%9F%98%80",
                                                           "%F4%90%80%80",
                                                           "%C0%AF",
                                                           "%00",
                                                           "%0a",
                                                           "%1F",
                                                           "%7F",
                                                           "%20",
                                                           "%23",
                                                           "%3F",
                                                           "?",
                                                           "?q=1",
                                                           "#",
                                                           "\\",
                                                           "\t",
                                                           "\x7F",
                                                           "\xC3",
                                                           " ",
                                                           ";",
                                                           "+",
                                                           "*",
                                                           "{x}",
                                                           "%E0%A4",
                                                           "-",
                                                           "~"};
  std::uniform_int_distribution<std::size_t> piece(0, pieces.size() - 1);
  // Short ones in the main: the longer a target, the surer that something in it is refused.
  std::geometric_distribution<int> length(0.25);
  std::string target = random() % 50 == 0 ? "" : "/";
  for (int left = length(random); left > 0; --left) target += pieces[piece(random)];
  return target;
}

}  // namespace

TEST_CASE("an accepted target means to the gate what the obvious reading makes of it") {
  std::mt19937_64 random(20240607);
  Target target;
  std::size_t accepted = 0;
  constexpr std::size_t rounds = 60000;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string raw = random_target(random);
    const auto expected = obvious_reading(raw);
    const bool ok = target.parse(raw) == TargetFault::none;
    const Segments segments(target.segments().begin(), target.segments().end());
    if (ok == expected.has_value() && (!ok || (segments == *expected && target.origin_form() == raw))) {
      accepted += ok ? 1 : 0;
      continue;
    }
    FAIL_CHECK("round " << round << ": " << raw);
  }
  CHECK(accepted > rounds / 10);
  CHECK(accepted < rounds * 9 / 10);
}
