// A request head means the same whether it comes at once or in two pieces.

#include "http/authority.hpp"
#include "http/message_parser.hpp"
#include "require.hpp"

using namespace postern;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  const std::size_t split = data[0] * text.size() / 255;

  http::RequestParser whole(4096);
  http::RequestHead head;
  const auto state = whole.parse(text, head);

  http::RequestParser parts(4096);
  http::RequestHead again;
  auto second = parts.parse(text.substr(0, split), again);
  if (second == http::ParseState::incomplete) second = parts.parse(text, again);

  require(state == second, "the state is the same");
  require(whole.fault() == parts.fault(), "the fault is the same");
  if (state == http::ParseState::refused) {
    const unsigned status = http::status_of(whole.fault());
    require(status >= 400 && status < 600, "a refusal has a status");
    require(!http::text_of(whole.fault()).empty(), "a refusal has a reason");
  }
  if (state != http::ParseState::complete) return 0;
  require(whole.head_size() == parts.head_size() && whole.head_size() <= 4096,
          "the size is the same and in bounds");
  require(text.substr(0, whole.head_size()).ends_with("\r\n\r\n"), "a head ends with an empty line");
  require(head.target == again.target && head.method == again.method, "the request line is the same");
  require(head.fields.size() == again.fields.size(), "the fields are the same");
  require(head.framing == again.framing && head.content_length == again.content_length,
          "the framing is the same");
  require(head.version == http::Version::http_1_0 || http::valid_authority(head.host),
          "Host is an authority");
  return 0;
}
