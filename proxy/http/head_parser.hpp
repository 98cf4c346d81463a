#pragma once
// Strict, incremental parsers of message heads over one contiguous buffer. Whatever two parsers could read
// differently is refused, not repaired (RFC 9112 2.2, 3, 5, 6; RFC 9110 5, 7.2).

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/field_facts.hpp"
#include "http/head_fault.hpp"
#include "http/head_scan.hpp"
#include "http/message.hpp"

namespace postern::http {

// Of one head; more are head_too_large. Browsers send about 20.
inline constexpr std::size_t max_field_lines = 256;

// Sans-IO: give it every byte received for this message so far; it remembers how far it has looked and never
// looks at a byte twice more than a constant number of times. `buffer` must start at the same address on
// every call for one head and only ever grow. A fault is found as soon as the offending byte is there, not
// only once the head is whole; a fault that only a whole line or the whole head can show (a version, a
// framing field, no Host, a refused method) when it is.
class RequestHeadParser {
 public:
  // A head of exactly `max_head_bytes`, with its empty line, still passes.
  explicit RequestHeadParser(std::size_t max_head_bytes) noexcept : limit_(max_head_bytes) {}

  // On complete, `head` is filled with views into `buffer` and head_size() says how many bytes belong to the
  // head. On refused, fault() says why, and `head` holds what was read until then (method and target may be
  // empty). After either it answers the same until reset(). The first call for a head clears `head`.
  ParseState parse(std::string_view buffer, RequestHead& head);

  [[nodiscard]] std::size_t head_size() const noexcept { return cursor_.line; }
  [[nodiscard]] HeadFault fault() const noexcept { return fault_; }
  // Ready for the next head.
  void reset() noexcept { *this = RequestHeadParser(limit_); }

 private:
  enum class Phase : std::uint8_t { empty_line, method, target, version, fields, complete, refused };
  ParseState read(std::string_view bytes, RequestHead& head);
  ParseState read_request_line(std::string_view bytes, RequestHead& head);
  ParseState read_version(std::string_view bytes, RequestHead& head);
  HeadFault note(const Field& field, RequestHead& head);
  HeadFault conclude(RequestHead& head) const;
  ParseState stop(HeadFault fault) noexcept;

  std::size_t limit_;
  HeadCursor cursor_;
  FieldFacts facts_;
  unsigned expect_fields_ = 0;
  Phase phase_ = Phase::empty_line;
  HeadFault fault_ = HeadFault::none;
};

// The upstream is not trusted to be sane either: a response it garbles becomes a 502, never a second
// response.
class ResponseHeadParser {
 public:
  explicit ResponseHeadParser(std::size_t max_head_bytes) noexcept : limit_(max_head_bytes) {}

  // As above. `request_method` decides the framing: a HEAD response has no body (RFC 9112 6.3 rule 1).
  ParseState parse(std::string_view buffer, std::string_view request_method, ResponseHead& head);

  [[nodiscard]] std::size_t head_size() const noexcept { return cursor_.line; }
  [[nodiscard]] HeadFault fault() const noexcept { return fault_; }
  void reset() noexcept { *this = ResponseHeadParser(limit_); }

 private:
  enum class Phase : std::uint8_t { status, reason, fields, complete, refused };
  ParseState read(std::string_view bytes, std::string_view request_method, ResponseHead& head);
  ParseState read_status_line(std::string_view bytes, ResponseHead& head);
  HeadFault conclude(std::string_view request_method, ResponseHead& head) const;
  ParseState stop(HeadFault fault) noexcept;

  std::size_t limit_;
  HeadCursor cursor_;
  FieldFacts facts_;
  Phase phase_ = Phase::status;
  HeadFault fault_ = HeadFault::none;
};

// uri-host [":" port] (RFC 9110 7.2, RFC 3986 3.2.2): a registered name (underscores too), an IPv4 address or
// a bracketed IPv6 address without a zone. The port may be empty. Userinfo, an empty host, a comma,
// percent-encoded ASCII and a port above 65535 or of more than five digits are refused.
bool valid_authority(std::string_view authority) noexcept;

}  // namespace postern::http
