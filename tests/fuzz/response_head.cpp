// A response head means the same whether it comes at once or in two pieces.

#include "http/message_parser.hpp"
#include "require.hpp"

using namespace postern;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  const std::size_t split = data[0] * text.size() / 255;
  const std::string_view method = data[0] % 2 == 0 ? "GET" : "HEAD";

  http::ResponseParser whole(4096);
  http::ResponseHead head;
  const auto state = whole.parse(text, method, head);

  http::ResponseParser parts(4096);
  http::ResponseHead again;
  auto second = parts.parse(text.substr(0, split), method, again);
  if (second == http::ParseState::incomplete) second = parts.parse(text, method, again);

  require(state == second, "the state is the same");
  require(whole.fault() == parts.fault(), "the fault is the same");
  if (state != http::ParseState::complete) return 0;
  require(whole.head_size() == parts.head_size(), "the size is the same");
  require(head.status == again.status && head.status >= 100 && head.status < 600, "the status is one");
  require(head.framing == again.framing && head.content_length == again.content_length,
          "the framing is the same");
  require(method != "HEAD" || head.framing == http::Framing::none, "HEAD has no body");
  require(!head.keep_alive || head.framing != http::Framing::until_close, "a body until close is the last");
  return 0;
}
