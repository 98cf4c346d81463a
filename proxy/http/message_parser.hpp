#pragma once
// Messages read by Boost.Beast under the strict rules of this gate. Whatever two parsers could read
// differently is refused, not repaired (RFC 9112 2.2, 3, 5, 6, 7.1; RFC 9110 5, 7.2): HeadScan judges the
// bytes, Beast reads them, the callbacks judge what they mean, and in the end both readings must be the same.

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/version.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "http/chunked_body.hpp"
#include "http/framing.hpp"
#include "http/head_fault.hpp"
#include "http/head_scan.hpp"
#include "http/message.hpp"

namespace postern::http {

// Of one head; more are head_too_large. Browsers send about 20.
inline constexpr std::size_t max_field_lines = 256;

enum class ParseState : std::uint8_t { incomplete, complete, refused };

// What was found next in a chunked body.
struct BodyStep {
  enum class State : std::uint8_t {
    need_input,  // bytes behind `consumed` belong to a line that is not whole: give them again, with more
    data,        // `data` holds a piece of the body, a view into the input; call again with the rest
    finished,  // the last chunk and the trailer section are read; input after `consumed` belongs to the next
               // message
    refused,   // for good
  };
  State state;
  std::size_t consumed;   // bytes of the input that are done with
  std::string_view data;  // empty but in state data
};

// Sans-IO, one message at a time. The verdict on any bytes does not depend on how they were cut. It allocates
// nothing for a message: heads, pieces and trailers are views into the caller's memory.
template <bool isRequest>
class MessageParser final : private boost::beast::http::basic_parser<isRequest> {
 public:
  using Head = std::conditional_t<isRequest, RequestHead, ResponseHead>;

  // A head of exactly `max_head_bytes`, with its empty line, still passes.
  explicit MessageParser(std::size_t max_head_bytes);

  // Give it every byte received for this message so far; it remembers how far it has looked and never looks
  // at a byte twice more than a constant number of times. `buffer` must start at the same address on every
  // call for one head and only ever grow. A forbidden byte is found as soon as it is there; a malformed start
  // line when that line is whole; what a field says when the head is. On complete, `head` is filled with
  // views into `buffer` and head_size() says how many bytes belong to the head. On refused, fault() says why,
  // and `head` holds what was read until then (method and target may be empty). After either it answers the
  // same until reset(). The first call for a head clears `head`.
  ParseState parse(std::string_view buffer, Head& head) { return parse(buffer, {}, head); }
  // For responses: `request_method` decides the framing, a response to HEAD has no body (RFC 9112 6.3 rule
  // 1).
  ParseState parse(std::string_view buffer, std::string_view request_method, Head& head);

  [[nodiscard]] std::size_t head_size() const noexcept { return scan_.line_begin(); }
  [[nodiscard]] HeadFault fault() const noexcept { return fault_; }

  // Behind a head whose framing is chunked: reads from the front of `input` until it has something to say.
  // `input` starts with what the last step left. Lines must be in one piece: where a step needs input, what
  // it left unconsumed comes again, at any address, with more behind it. That is at most max_chunk_line +
  // max_trailer_section + 4 bytes.
  BodyStep next(std::string_view input);
  // What the last step left at the front of the input: with just that many bytes there, more must be read.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
  // Bytes of data that the chunk being read has announced and not given yet.
  [[nodiscard]] std::uint64_t chunk_left() const noexcept { return body_.left(); }
  // After finished: the trailer fields, views into the last input.
  [[nodiscard]] std::span<const Field> trailers() const noexcept { return trailers_; }
  [[nodiscard]] ChunkFault body_fault() const noexcept { return body_.fault(); }

  // Ready for the next message.
  void reset();

 private:
  using Base = boost::beast::http::basic_parser<isRequest>;
  using error_code = boost::beast::error_code;
  using text = boost::beast::string_view;
  enum class Phase : std::uint8_t { fresh, head, body, done, refused };
  ParseState refuse(HeadFault fault) noexcept;
  HeadFault read_start_line(std::string_view line);
  HeadFault read_fields(std::string_view lines);
  HeadFault first_fault(std::string_view bytes);
  [[nodiscard]] bool readings_agree() const;
  BodyStep read_data(std::string_view input, std::size_t consumed);
  // Bytes of framing at the front of the input that are whole; 0 if more are needed or the body is refused.
  std::size_t read_framing(std::string_view input);
  bool put(std::string_view bytes);

  void on_request_impl(boost::beast::http::verb verb, text method, text target, int version,
                       error_code& error) override;
  void on_response_impl(int code, text reason, int version, error_code& error) override;
  void on_field_impl(FieldName known, text name, text value, error_code& error) override;
  void on_chunk_header_impl(std::uint64_t size, text extension, error_code& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, text piece, error_code& error) override;
  void on_trailer(const Field& field, error_code& error);
#if BOOST_BEAST_VERSION >= 359
  void on_trailer_field_impl(FieldName known, text name, text value, error_code& error) override;
#endif
  void on_header_impl(error_code& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, error_code& /*error*/) override {}
  std::size_t on_body_impl(text /*piece*/, error_code& /*error*/) override {
    return 0;
  }
  void on_finish_impl(error_code& /*error*/) override {}

  std::size_t limit_;
  HeadScan scan_;
  FramingFacts facts_;
  std::size_t fields_begin_ = 0;  // behind the start line
  Head* head_ = nullptr;          // while parse() runs
  Phase phase_ = Phase::fresh;
  HeadFault fault_ = HeadFault::none;
  ChunkedBody body_;
  std::size_t pending_ = 0;
  std::string_view piece_;       // of a chunk's data, as Beast gave it
  std::vector<Field> trailers_;  // keeps its capacity
};

using RequestParser = MessageParser<true>;
using ResponseParser = MessageParser<false>;
extern template class MessageParser<true>;
extern template class MessageParser<false>;

}  // namespace postern::http
