#include "http/head_scan.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>

#include "http/byte_class.hpp"

namespace postern::http {
namespace {

#if defined(__SSE2__)
// Marks the control characters and DEL among the sixteen bytes at `from`, one bit each.
unsigned control_marks(const char* from) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i is_delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(is_control, is_delete)));
}
constexpr std::size_t marks_at_once = 16;
constexpr unsigned bits_a_mark = 1;
#else
// Of the eight bytes at `from`, in the top bit of each. Without their top bits no byte carries into the next
// one: adding tells in the top bit whether it is DEL, and whether it is at least SP.
std::uint64_t control_marks(const char* from) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const std::uint64_t low = word & (ones * 0x7F);
  const std::uint64_t is_delete = low + ones;
  const std::uint64_t is_enough = low + ones * (0x80 - 0x20);
  return (is_delete | ~is_enough) & ~word & (ones * 0x80);
}
constexpr std::size_t marks_at_once = 8;
constexpr unsigned bits_a_mark = 8;
#endif

// The first control character or DEL from `at` on.
std::size_t find_control(std::string_view bytes, std::size_t at) noexcept {
  for (; bytes.size() - at >= marks_at_once; at += marks_at_once) {
    const auto marks = control_marks(bytes.data() + at);
    if (marks != 0) return at + static_cast<std::size_t>(std::countr_zero(marks)) / bits_a_mark;
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

// RFC 9112 5.1: nothing stands between a name and its colon.
HeadFault field_names_fault(std::string_view lines) noexcept {
  std::size_t at = 0;
  while (at < lines.size() && !crlf_at(lines, at)) {
    const std::size_t begin = at;
    at = skip_token(lines, at);
    if (at == lines.size()) break;
    if (lines[at] != ':' || at == begin) {
      if (at != begin && is_white_space(lines[at])) return HeadFault::white_space_before_colon;
      return fault_at(lines, at, HeadFault::malformed_field_name);
    }
    const std::size_t end = lines.find("\r\n", at);
    if (end == std::string_view::npos) break;
    at = end + 2;
  }
  return HeadFault::none;
}

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
  names_from_ = line_;
  return State::start_line;
}

HeadScan::State HeadScan::scan_fields(std::string_view bytes) noexcept {
  while (part_ != Part::complete) {
    if (part_ == Part::line && !begin_line(bytes)) return stop_or_wait(bytes, HeadFault::none);
    if (part_ == Part::complete) break;
    at_ = skip_text(bytes, at_);
    if (!crlf_at(bytes, at_)) return stop_or_wait(bytes, HeadFault::control_character);
    next_line();
  }
  return State::complete;
}

// A field begins here, or the section ends with an empty line.
bool HeadScan::begin_line(std::string_view bytes) noexcept {
  if (at_ == bytes.size()) return false;
  if (crlf_at(bytes, at_)) {
    next_line();
    part_ = Part::complete;
    return true;
  }
  if (bytes[at_] == '\r') return false;
  // RFC 9112 5.2. Beast would join the lines.
  if (is_white_space(bytes[at_])) {
    fault_ = HeadFault::obsolete_line_folding;
    return false;
  }
  part_ = Part::text;
  return true;
}

// Where the section ends here, Beast looks at the names. Where it does not end, or something is wrong further
// on, they are looked at now, so that a malformed one is told at once and first.
HeadScan::State HeadScan::stop_or_wait(std::string_view bytes, HeadFault otherwise) noexcept {
  HeadFault fault = HeadFault::none;
  if (part_ >= Part::line) {
    fault = field_names_fault(bytes.substr(names_from_, at_ - names_from_));
    names_from_ = line_;
  }
  if (fault == HeadFault::none) fault = fault_ != HeadFault::none ? fault_ : fault_at(bytes, at_, otherwise);
  fault_ = fault;
  return fault_ == HeadFault::none ? State::incomplete : State::refused;
}

void HeadScan::next_line() noexcept {
  at_ += 2;
  line_ = at_;
  part_ = Part::line;
}

}  // namespace postern::http
