#include "http/head_scan.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "http/byte_class.hpp"

namespace postern::http {
namespace {

// The first control character or DEL from `at` on, looking at eight bytes at a time. Without their top bits
// no byte carries into the next one: adding tells in the top bit whether it is DEL, and whether it is at
// least SP.
std::size_t find_control(std::string_view bytes, std::size_t at) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  for (; bytes.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    const std::uint64_t low = word & (ones * 0x7F);
    const std::uint64_t is_delete = low + ones;
    const std::uint64_t is_enough = low + ones * (0x80 - 0x20);
    const std::uint64_t marks = (is_delete | ~is_enough) & ~word & (ones * 0x80);
    if (marks == 0) continue;
    if constexpr (std::endian::native == std::endian::little) {
      return at + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
    }
    break;
  }
  while (at < bytes.size() && !is_control(bytes[at])) ++at;
  return at;
}

// As above, HTAB passes.
std::size_t skip_text(std::string_view bytes, std::size_t at) noexcept {
  at = find_control(bytes, at);
  while (at < bytes.size() && bytes[at] == '\t') at = find_control(bytes, at + 1);
  return at;
}

bool crlf_at(std::string_view bytes, std::size_t at) noexcept {
  return bytes.size() - at >= 2 && bytes[at] == '\r' && bytes[at + 1] == '\n';
}

// What is wrong with the byte at `at`, where no CRLF stands: `otherwise` if only its place is. none where
// that cannot be told yet, for a byte that has not come or a CR whose next byte has not.
HeadFault fault_at(std::string_view bytes, std::size_t at, HeadFault otherwise) noexcept {
  if (at == bytes.size()) return HeadFault::none;
  if (bytes[at] == '\n') return HeadFault::bare_line_feed;
  if (bytes[at] == '\r') {
    if (at + 1 == bytes.size()) return HeadFault::none;
    return bytes[at + 1] == '\n' ? otherwise : HeadFault::bare_carriage_return;
  }
  return is_control(bytes[at]) ? HeadFault::control_character : otherwise;
}

}  // namespace

HeadScan::State HeadScan::scan(std::string_view bytes) noexcept {
  if (fault_ != HeadFault::none) return State::refused;
  const std::string_view within = bytes.substr(0, limit_);
  const bool in_start_line = part_ <= Part::start_line;
  const State state = in_start_line ? scan_start_line(within) : scan_fields(within);
  if (state != State::incomplete || bytes.size() < limit_) return state;
  const bool line_too_long = in_start_line && kind_ == Kind::request;
  fault_ = line_too_long ? HeadFault::request_line_too_long : HeadFault::head_too_large;
  return State::refused;
}

HeadScan::State HeadScan::scan_start_line(std::string_view bytes) noexcept {
  if (part_ == Part::before) {
    if (bytes.empty() || (kind_ == Kind::request && bytes == "\r")) return State::incomplete;
    if (kind_ == Kind::request && crlf_at(bytes, 0)) next_line();
    start_line_ = line_;
    part_ = Part::start_line;
  }
  at_ = kind_ == Kind::request ? find_control(bytes, at_) : skip_text(bytes, at_);
  if (!crlf_at(bytes, at_)) return stop_or_wait(bytes, HeadFault::control_character);
  next_line();
  return State::start_line;
}

HeadScan::State HeadScan::scan_fields(std::string_view bytes) noexcept {
  while (part_ != Part::complete) {
    if (part_ == Part::line && !begin_line(bytes))
      return stop_or_wait(bytes, HeadFault::malformed_field_name);
    if (part_ == Part::name && !end_name(bytes)) return stop_or_wait(bytes, HeadFault::malformed_field_name);
    if (part_ == Part::value) {
      at_ = skip_text(bytes, at_);
      if (!crlf_at(bytes, at_)) return stop_or_wait(bytes, HeadFault::control_character);
      next_line();
    }
  }
  return State::complete;
}

// A name begins here, or the section ends with an empty line.
bool HeadScan::begin_line(std::string_view bytes) noexcept {
  if (at_ == bytes.size()) return false;
  if (crlf_at(bytes, at_)) {
    next_line();
    part_ = Part::complete;
    return true;
  }
  // RFC 9112 5.2. Beast would join the lines.
  if (is_white_space(bytes[at_])) fault_ = HeadFault::obsolete_line_folding;
  if (!is_token_byte(bytes[at_])) return false;
  part_ = Part::name;
  return true;
}

// RFC 9112 5.1: nothing stands between the name and its colon.
bool HeadScan::end_name(std::string_view bytes) noexcept {
  at_ = skip_token(bytes, at_);
  if (at_ == bytes.size()) return false;
  if (is_white_space(bytes[at_])) fault_ = HeadFault::white_space_before_colon;
  if (bytes[at_] != ':') return false;
  ++at_;
  part_ = Part::value;
  return true;
}

HeadScan::State HeadScan::stop_or_wait(std::string_view bytes, HeadFault otherwise) noexcept {
  if (fault_ == HeadFault::none) fault_ = fault_at(bytes, at_, otherwise);
  return fault_ == HeadFault::none ? State::incomplete : State::refused;
}

void HeadScan::next_line() noexcept {
  at_ += 2;
  line_ = at_;
  part_ = Part::line;
}

}  // namespace postern::http
