// A chunked body decodes to the same bytes whole and in two pieces, and what is written anew decodes to them
// again.

#include "http/chunked.hpp"

#include <string>

#include "require.hpp"

using namespace postern;
using fuzz::require;
using State = http::ChunkedDecoder::State;

namespace {

struct Decoded {
  State state = State::need_input;
  std::string body;
  std::size_t consumed = 0;
  std::size_t trailers = 0;
};

void feed(http::ChunkedDecoder& decoder, std::string_view input, Decoded& decoded) {
  while (true) {
    const auto step = decoder.next(input);
    require(step.consumed <= input.size(), "no more is consumed than there is");
    input.remove_prefix(step.consumed);
    decoded.consumed += step.consumed;
    decoded.state = step.state;
    if (step.state != State::data) return;
    require(!step.data.empty(), "data is something");
    decoded.body += step.data;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  const std::size_t split = data[0] * text.size() / 255;

  http::ChunkedDecoder whole;
  Decoded once;
  feed(whole, text, once);
  once.trailers = whole.trailers().size();

  http::ChunkedDecoder parts;
  Decoded twice;
  feed(parts, text.substr(0, split), twice);
  if (twice.state == State::need_input) {
    require(twice.consumed == split, "needing input, all of it was consumed");
    feed(parts, text.substr(split), twice);
  }
  require(once.state == twice.state && once.body == twice.body, "the pieces mean the same");
  if (once.state != State::finished) return 0;
  require(once.consumed == twice.consumed && once.trailers == parts.trailers().size(), "the end is the same");

  std::string anew;
  std::array<char, 20> storage;
  if (!once.body.empty()) {
    anew += http::chunk_header(once.body.size(), storage);
    anew += once.body + "\r\n";
  }
  anew += "0\r\n\r\n";
  http::ChunkedDecoder again;
  Decoded back;
  feed(again, anew, back);
  require(back.state == State::finished && back.body == once.body && back.consumed == anew.size(),
          "what is written anew means the same");
  return 0;
}
