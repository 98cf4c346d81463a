// A chunked body decodes to the same bytes whole and in two pieces, and what is written anew decodes to them
// again.

#include <array>
#include <string>

#include "http/chunk_writer.hpp"
#include "http/message_parser.hpp"
#include "require.hpp"

using namespace postern;
using fuzz::require;
using State = http::BodyStep::State;

namespace {

struct Decoded {
  State state = State::need_input;
  std::string body;
  std::size_t consumed = 0;
};

void begin(http::RequestParser& parser) {
  static constexpr std::string_view text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  http::RequestHead head;
  require(parser.parse(text, head) == http::ParseState::complete, "the head is sound");
}

void begin(http::ResponseParser& parser) {
  static constexpr std::string_view text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  http::ResponseHead head;
  require(parser.parse(text, "GET", head) == http::ParseState::complete, "the head is sound");
}

// `received` is all that has come so far.
template <typename Parser>
void feed(Parser& parser, std::string_view received, Decoded& decoded) {
  while (true) {
    const std::string_view input = received.substr(decoded.consumed);
    const auto step = parser.next(input);
    require(step.consumed <= input.size(), "no more is consumed than there is");
    decoded.consumed += step.consumed;
    decoded.state = step.state;
    if (step.state == State::need_input) {
      require(parser.pending() == input.size() - step.consumed, "what is left is pending");
      require(parser.pending() <= http::max_chunk_line + http::max_trailer_section + 4, "and bounded");
    }
    if (step.state != State::data) return;
    require(!step.data.empty(), "data is something");
    decoded.body += step.data;
  }
}

template <typename Parser>
void check(std::string_view text, std::size_t split) {
  Parser whole(1024);
  begin(whole);
  Decoded once;
  feed(whole, text, once);

  Parser parts(1024);
  begin(parts);
  Decoded twice;
  feed(parts, text.substr(0, split), twice);
  if (twice.state == State::need_input) feed(parts, text, twice);
  require(once.state == twice.state && once.body == twice.body, "the pieces mean the same");
  require(whole.body_fault() == parts.body_fault(), "the fault is the same");
  require(whole.body_fault() != http::ChunkFault::readings_differ, "the strict reading and Beast's agree");
  if (once.state != State::finished) return;
  require(once.consumed == twice.consumed && whole.trailers().size() == parts.trailers().size(),
          "the end is the same");

  std::string anew;
  std::array<char, 20> storage;
  if (!once.body.empty()) {
    anew += http::chunk_header(once.body.size(), storage);
    anew += once.body + "\r\n";
  }
  anew += "0\r\n\r\n";
  Parser again(1024);
  begin(again);
  Decoded back;
  feed(again, anew, back);
  require(back.state == State::finished && back.body == once.body && back.consumed == anew.size(),
          "what is written anew means the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  const std::size_t split = data[0] * text.size() / 255;
  check<http::RequestParser>(text, split);
  check<http::ResponseParser>(text, split);
  return 0;
}
