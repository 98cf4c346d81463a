#include "gate/credentials.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "scene.hpp"

using namespace postern::gate;
using namespace postern::gate::test;

namespace {

struct Row {
  std::string_view why;
  std::vector<std::string> lines;
  Answer answer;
  std::string_view reason;
};

const std::vector<std::string> upgrade = {"Connection: Upgrade", "Upgrade: websocket",
                                          "Sec-WebSocket-Version: 13",
                                          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="};

std::vector<std::string> with_upgrade(std::vector<std::string> lines) {
  lines.insert(lines.begin(), upgrade.begin(), upgrade.end());
  return lines;
}

Policy subprotocol_policy() {
  Policy policy = usual_policy();
  policy.websocket_token = WebSocketToken::subprotocol;
  return policy;
}

void check_all(Scene& scene, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Verdict verdict = scene.judge(request("GET", "/api/alice/tasks", row.lines));
    CHECK(verdict.answer == row.answer);
    CHECK(verdict.reason == row.reason);
    if (row.answer == Answer::unauthenticated) CHECK(verdict.step == Step::credentials);
  }
}

}  // namespace

TEST_CASE("Authorization is read in one way or not at all") {
  const std::string token = token_of("alice");
  const std::string foreign = token_of("bob");
  constexpr auto refused = Answer::unauthenticated;
  Scene scene;
  check_all(
      scene,
      {
          {"as everyone sends it", {"Authorization: Bearer " + token}, Answer::none, "ok"},
          {"scheme in lower case", {"Authorization: bearer " + token}, Answer::none, "ok"},
          {"scheme in mixed case", {"Authorization: bEaReR " + token}, Answer::none, "ok"},
          {"name in any case", {"AUTHORIZATION: Bearer " + token}, Answer::none, "ok"},
          {"white space around the value", {"Authorization: \t Bearer " + token + " \t"}, Answer::none, "ok"},
          {"no white space before the value", {"Authorization:Bearer " + token}, Answer::none, "ok"},
          {"two spaces", {"Authorization: Bearer  " + token}, refused, "malformed credentials"},
          {"a tab", {"Authorization: Bearer\t" + token}, refused, "malformed credentials"},
          {"a space and a tab", {"Authorization: Bearer \t" + token}, refused, "malformed credentials"},
          {"no space", {"Authorization: Bearer" + token}, refused, "other scheme"},
          {"scheme alone", {"Authorization: Bearer"}, refused, "malformed credentials"},
          {"nothing", {"Authorization:"}, refused, "other scheme"},
          {"the token alone", {"Authorization: " + token}, refused, "other scheme"},
          {"another scheme", {"Authorization: Basic YTpi"}, refused, "other scheme"},
          {"a scheme that begins alike", {"Authorization: Bearers " + token}, refused, "other scheme"},
          {"a comma behind the scheme", {"Authorization: Bearer, " + token}, refused, "other scheme"},
          {"two in one line",
           {"Authorization: Bearer " + token + ", Bearer " + token},
           refused,
           "malformed credentials"},
          {"one more word", {"Authorization: Bearer " + token + " x"}, refused, "malformed credentials"},
          {"quoted", {"Authorization: Bearer \"" + token + "\""}, refused, "malformed credentials"},
          {"a parameter", {"Authorization: Bearer token=" + token}, refused, "malformed credentials"},
          {"percent-encoded", {"Authorization: Bearer %65" + token}, refused, "malformed credentials"},
          {"a byte over 0x7F",
           {"Authorization: Bearer " + token + "\xC3\xA9"},
           refused,
           "malformed credentials"},
          {"nothing but padding", {"Authorization: Bearer =="}, refused, "malformed credentials"},
          {"padding in the middle", {"Authorization: Bearer a=b"}, refused, "malformed credentials"},
          {"a b64token, but not a token of ours",
           {"Authorization: Bearer a~+/=="},
           Answer::token_invalid,
           "not three parts"},
          {"the same line twice",
           {"Authorization: Bearer " + token, "Authorization: Bearer " + token},
           refused,
           "duplicate authorization"},
          {"two users, mine first",
           {"Authorization: Bearer " + token, "authorization: Bearer " + foreign},
           refused,
           "duplicate authorization"},
          {"two schemes",
           {"Authorization: Basic YTpi", "Authorization: Bearer " + token},
           refused,
           "duplicate authorization"},
          {"an empty one beside it",
           {"Authorization:", "Authorization: Bearer " + token},
           refused,
           "duplicate authorization"},
          {"Proxy-Authorization is another field",
           {"Proxy-Authorization: Bearer " + token},
           refused,
           "no credentials"},
          {"X-Authorization too", {"X-Authorization: Bearer " + token}, refused, "no credentials"},
      });
}

TEST_CASE("of single bytes only those of a b64token may stand within a credential") {
  const std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  Scene scene;
  for (int code = 0x20; code < 0x100; ++code) {
    if (code == 0x7F) continue;  // no head holds it
    CAPTURE(code);
    const char byte = static_cast<char>(code);
    const bool good = allowed.find(byte) != allowed.npos;
    const Verdict verdict = scene.judge(
        request("GET", "/api/alice/tasks", {std::string("Authorization: Bearer a") + byte + "b"}));
    CHECK(verdict.answer == (good ? Answer::token_invalid : Answer::unauthenticated));
    CHECK(verdict.step == (good ? Step::token : Step::credentials));
  }
}

TEST_CASE("a websocket may carry its token as a subprotocol where that is configured") {
  const std::string token = token_of("alice");
  const std::string authorization = "Authorization: Bearer " + token;
  constexpr auto refused = Answer::unauthenticated;
  Scene scene(subprotocol_policy());
  check_all(
      scene,
      {
          {"as browsers send it", with_upgrade({"Sec-WebSocket-Protocol: bearer, " + token}), Answer::none,
           "ok"},
          {"no space", with_upgrade({"sec-websocket-protocol: bearer," + token}), Answer::none, "ok"},
          {"behind others", with_upgrade({"Sec-WebSocket-Protocol: chat, bearer, " + token + ", v2"}),
           Answer::none, "ok"},
          {"over two lines",
           with_upgrade({"Sec-WebSocket-Protocol: bearer", "Sec-WebSocket-Protocol: " + token}), Answer::none,
           "ok"},
          {"Authorization instead", with_upgrade({authorization, "Sec-WebSocket-Protocol: chat"}),
           Answer::none, "ok"},
          {"both", with_upgrade({authorization, "Sec-WebSocket-Protocol: bearer, " + token}), refused,
           "duplicate authorization"},
          {"Authorization of another scheme beside it",
           with_upgrade({"Authorization: Basic eA==", "Sec-WebSocket-Protocol: bearer, " + token}), refused,
           "duplicate authorization"},
          {"another spelling beside Authorization",
           with_upgrade({authorization, "Sec-WebSocket-Protocol: Bearer, " + token}), refused,
           "duplicate authorization"},
          {"no bearer", with_upgrade({"Sec-WebSocket-Protocol: chat"}), refused, "no credentials"},
          {"no field", upgrade, refused, "no credentials"},
          {"the token alone", with_upgrade({"Sec-WebSocket-Protocol: " + token}), refused, "no credentials"},
          {"the token in front", with_upgrade({"Sec-WebSocket-Protocol: " + token + ", bearer"}), refused,
           "malformed credentials"},
          {"bearer alone", with_upgrade({"Sec-WebSocket-Protocol: bearer"}), refused,
           "malformed credentials"},
          {"an empty element between", with_upgrade({"Sec-WebSocket-Protocol: bearer, , " + token}), refused,
           "malformed credentials"},
          {"twice", with_upgrade({"Sec-WebSocket-Protocol: bearer, " + token + ", bearer, " + token}),
           refused, "malformed credentials"},
          {"twice in two lines",
           with_upgrade(
               {"Sec-WebSocket-Protocol: bearer, " + token, "Sec-WebSocket-Protocol: bearer, " + token}),
           refused, "malformed credentials"},
          {"bearer bearer", with_upgrade({"Sec-WebSocket-Protocol: bearer, bearer, " + token}), refused,
           "malformed credentials"},
          {"upper case", with_upgrade({"Sec-WebSocket-Protocol: Bearer, " + token}), refused,
           "malformed credentials"},
          {"a space for the comma", with_upgrade({"Sec-WebSocket-Protocol: bearer " + token}), refused,
           "no credentials"},
          {"a bad token", with_upgrade({"Sec-WebSocket-Protocol: bearer, a.b"}), Answer::token_invalid,
           "not three parts"},
          {"no upgrade", {"Sec-WebSocket-Protocol: bearer, " + token}, refused, "no credentials"},
          {"no upgrade, so that it is no second credential",
           {authorization, "Sec-WebSocket-Protocol: bearer, " + token},
           Answer::none,
           "ok"},
      });
  const auto foreign =
      scene.judge(request("GET", "/api/bob", with_upgrade({"Sec-WebSocket-Protocol: bearer, " + token})));
  CHECK(foreign.answer == Answer::forbidden);
}

TEST_CASE("a token among the subprotocols is marked to be taken away wherever the request goes") {
  const std::string pair = "Sec-WebSocket-Protocol: bearer, " + token_of("alice");
  struct Marked {
    std::string_view why;
    std::string_view target;
    std::vector<std::string> lines;
    bool marked;
  };
  const std::vector<Marked> rows = {
      {"the credential", "/api/alice", with_upgrade({pair}), true},
      {"on a public path", "/public/feed", with_upgrade({pair}), true},
      {"on a public path, no upgrade", "/public/feed", {pair}, true},
      {"beside Authorization, no upgrade", "/api/alice", {bearer("alice"), pair}, true},
      {"another spelling", "/public/feed", with_upgrade({"Sec-WebSocket-Protocol: BEARER, x"}), true},
      {"other subprotocols", "/public/feed", with_upgrade({"Sec-WebSocket-Protocol: chat, bearers"}), false},
      {"none", "/public/feed", upgrade, false},
  };
  Scene scene(subprotocol_policy());
  Scene header_only;
  for (const Marked& row : rows) {
    CAPTURE(row.why);
    const Verdict verdict = scene.judge(request("GET", row.target, row.lines));
    CHECK(verdict.forward());
    CHECK(verdict.bearer_subprotocol == row.marked);
    CHECK_FALSE(header_only.judge(request("GET", row.target, row.lines)).bearer_subprotocol);
  }
}

TEST_CASE("a credential has the characters of a b64token and no others, wherever they stand") {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  for (const std::size_t size : {1U, 7U, 16U, 40U}) {
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        const auto character = static_cast<char>(byte);
        std::string text(size, 'a');
        text[at] = character;
        CAPTURE(size);
        CAPTURE(at);
        CAPTURE(byte);
        postern::http::RequestHead head;
        const std::string value = "Bearer " + text;
        head.fields.push_back({"Authorization", value});
        // RFC 6750 2.1: "=" at the end only, and behind something.
        const bool padding = character == '=' && at == size - 1 && size > 1;
        const bool good = padding || allowed.find(character) != allowed.npos;
        const auto found = find_credentials(head, WebSocketToken::header_only);
        CHECK((found.fault == CredentialFault::none) == good);
        CHECK(found.token == (good ? std::string_view(text) : std::string_view{}));
      }
    }
  }
}

TEST_CASE("a subprotocol is no credential unless configured") {
  const std::string pair = "Sec-WebSocket-Protocol: bearer, " + token_of("alice");
  Scene scene;
  check_all(scene, {
                       {"alone", with_upgrade({pair}), Answer::unauthenticated, "no credentials"},
                       {"beside Authorization", with_upgrade({bearer("alice"), pair}), Answer::none, "ok"},
                   });
}
