// What passes means to Boost.Beast's own parser, which knows none of the gate's rules, what it means to the
// gate: head, framing, body and trailers, however the bytes are cut.

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/version.hpp>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "http/message_parser.hpp"
#include "require.hpp"

using namespace postern;
using fuzz::require;
namespace beast = boost::beast;

namespace {

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

// Collects what Beast says, and refuses nothing of its own.
template <bool isRequest>
class PlainParser : public beast::http::basic_parser<isRequest> {
 public:
  std::string start;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::size_t head_fields = 0;

 private:
  using error_code = beast::error_code;
  void on_request_impl(beast::http::verb /*verb*/, beast::string_view method, beast::string_view target,
                       int version, error_code& /*error*/) override {
    start = std::string(view_of(method)) + " " + std::string(view_of(target)) + " " + std::to_string(version);
  }
  void on_response_impl(int code, beast::string_view reason, int version, error_code& /*error*/) override {
    start = std::to_string(version) + " " + std::to_string(code) + " " + std::string(view_of(reason));
  }
  void on_field_impl(beast::http::field /*known*/, beast::string_view name, beast::string_view value,
                     error_code& /*error*/) override {
    fields.emplace_back(view_of(name), view_of(value));
  }
#if BOOST_BEAST_VERSION >= 359
  void on_trailer_field_impl(beast::http::field known, beast::string_view name, beast::string_view value,
                             error_code& error) override {
    on_field_impl(known, name, value, error);
  }
#endif
  void on_header_impl(error_code& /*error*/) override {
    head_fields = fields.size();
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, error_code& /*error*/) override {}
  std::size_t on_body_impl(beast::string_view piece, error_code& /*error*/) override {
    body += view_of(piece);
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, beast::string_view /*extension*/,
                            error_code& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remaining*/, beast::string_view piece,
                                 error_code& /*error*/) override {
    body += view_of(piece);
    return piece.size();
  }
  void on_finish_impl(error_code& /*error*/) override {}
};

void require_equal(const std::pair<std::string, std::string>& plain, const http::Field& field) {
  require(plain.first == field.name && plain.second == field.value, "a field is the same");
}

std::string start_of(const http::RequestHead& head) {
  return std::string(head.method) + " " + std::string(head.target) +
         (head.version == http::Version::http_1_1 ? " 11" : " 10");
}

std::string start_of(const http::ResponseHead& head) {
  return (head.version == http::Version::http_1_1 ? "11 " : "10 ") + std::to_string(head.status) + " " +
         std::string(head.reason);
}

// Beast wants the space behind a status that stands alone.
template <bool isRequest>
std::string for_beast(std::string_view text) {
  std::string plain(text);
  if (isRequest && plain.starts_with("\r\n")) plain.erase(0, 2);
  if (!isRequest && plain.find("\r\n") == 12) plain.insert(12, " ");
  return plain;
}

template <bool isRequest>
void check_plain(std::string_view text, std::size_t size, std::string_view method,
                 const typename http::MessageParser<isRequest>::Head& head, std::string_view body,
                 std::span<const http::Field> trailers, bool whole) {
  PlainParser<isRequest> plain;
  plain.eager(true);
  plain.header_limit(std::numeric_limits<std::uint32_t>::max());
  plain.body_limit(boost::none);
  plain.skip(method == "HEAD");
  const std::string bytes = for_beast<isRequest>(text.substr(0, size));
  beast::error_code error;
  std::size_t read = 0;
  while (read < bytes.size() && !error && !plain.is_done()) {
    read += plain.put(boost::asio::const_buffer(bytes.data() + read, bytes.size() - read), error);
  }
  require(!error && plain.is_header_done() && read == bytes.size(), "Beast takes it too");
  require(plain.start == start_of(head), "the start line is the same");
  require(plain.head_fields == head.fields.size(), "there are as many fields");
  for (std::size_t i = 0; i < head.fields.size(); ++i) require_equal(plain.fields[i], head.fields[i]);
  require(plain.chunked() == (head.framing == http::Framing::chunked) || plain.is_done(),
          "chunks are chunks to both");
  require((head.framing == http::Framing::until_close) == plain.need_eof(), "so is a body until close");
  if (head.framing != http::Framing::chunked || !whole) return;
  require(plain.is_done() && plain.body == body, "the body is the same");
  require(plain.fields.size() == head.fields.size() + trailers.size(), "there are as many trailers");
  for (std::size_t i = 0; i < trailers.size(); ++i) {
    require_equal(plain.fields[head.fields.size() + i], trailers[i]);
  }
}

template <bool isRequest>
void check(std::string_view text, std::size_t step, std::string_view method) {
  http::MessageParser<isRequest> parser(4096);
  typename http::MessageParser<isRequest>::Head head;
  auto state = http::ParseState::incomplete;
  std::size_t came = 0;
  while (state == http::ParseState::incomplete && came < text.size()) {
    came = std::min(text.size(), came + step);
    state = parser.parse(text.substr(0, came), method, head);
  }
  http::MessageParser<isRequest> at_once(4096);
  typename http::MessageParser<isRequest>::Head same;
  require(at_once.parse(text, method, same) == state, "the state is the same");
  require(at_once.fault() == parser.fault(), "the fault is the same");
  require(parser.fault() != http::HeadFault::readings_differ, "no rule of Beast's is missing here");
  if (state != http::ParseState::complete) return;
  require(at_once.head_size() == parser.head_size(), "the size is the same");

  std::size_t used = parser.head_size();
  std::string body;
  bool whole = head.framing != http::Framing::chunked;
  while (!whole) {
    const auto piece = parser.next(text.substr(used, came - used));
    used += piece.consumed;
    body += piece.data;
    if (piece.state == http::BodyStep::State::refused) break;
    whole = piece.state == http::BodyStep::State::finished;
    if (piece.state != http::BodyStep::State::need_input) continue;
    if (came == text.size()) break;
    came = std::min(text.size(), came + step);
  }
  require(parser.body_fault() != http::ChunkFault::readings_differ, "the framing of chunks is the same");
  check_plain<isRequest>(text, whole ? used : parser.head_size(), method, head, body, parser.trailers(),
                         whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  const std::size_t step = 1 + data[0] / 2;
  const std::string_view method = data[0] % 2 == 0 ? "GET" : "HEAD";
  if (text.find("HTTP/") == 0) {
    check<false>(text, step, method);
  } else {
    check<true>(text, step, {});
  }
  return 0;
}
