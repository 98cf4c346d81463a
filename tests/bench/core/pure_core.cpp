// pure_core STAGE: one request through a stage of the pure core, warmed up before, for callgrind to count.
//   parse         the head of a request as a browser sends it
//   judge-known   the whole decision, with a token that was verified before
//   judge-eddsa   the same with a token of an issuer's public key, verified before: no dearer
//   judge-new     the same with a token seen for the first time
//   judge-401     a token with a wrong signature
//   judge-403     another user's path
//   rewrite       the head for the upstream
//   answer        the gate's own 401
//   metrics       all that is counted of one forwarded request
//   rates         POSTERN_USER_RATE: a request of a known user
//   rates-off     the same where there is no such rate
//   scrape        /metrics of four threads: on the main thread, beside the requests
//   new-...       the verification of a token seen for the first time, by its algorithm
//   response      the head of an answer, as the upstream sends it
//   response-out  the head for the client
//   chunk         1 KiB of a chunked answer, in and out
//   record        what the log remembers of a request, on the request's thread
//   record-line   the line that it becomes, on the log's thread

#include <openssl/evp.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "gate/answer.hpp"
#include "gate/judge.hpp"
#include "gate/rates.hpp"
#include "http/forward_request.hpp"
#include "http/message_parser.hpp"
#include "observe/metrics/exposition.hpp"
#include "observe/metrics/metrics.hpp"
#include "stages.hpp"
#include "token/base64url.hpp"
#include "token/keyed_hash.hpp"
#include "token/sign.hpp"

using namespace postern;

namespace {

constexpr std::int64_t now = 1'767'225'600;
const std::string secret = "instruction-budget-secret-0123456789";

std::string token_of(std::string_view uid, int number) {
  return token::sign_hs256(R"({"iat":1767225000,"uid":")" + std::string(uid) + R"(","sub":")" +
                               std::string(uid) + R"(","exp":1767226500,"iss":"https://auth.example.com",)" +
                               R"("aud":"https://auth.example.com","jti":")" + std::to_string(number) + "\"}",
                           secret);
}

std::string encode(std::string_view text) {
  return token::encode_base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

// An issuer with one Ed25519 key.
class Issuer {
 public:
  Issuer() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free) {}

  [[nodiscard]] std::shared_ptr<const token::KeySet> key_set() const {
    std::string bytes(32, '\0');
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
    auto key = std::get<token::PublicKey>(token::ed25519_key(bytes));
    key.kid = "k";
    return std::make_shared<const token::KeySet>(token::KeySet{
        "https://auth.example.com", "https://auth.example.com", true, token::KeySet::State::usable, {key}});
  }

  [[nodiscard]] std::string token_of(std::string_view uid) const {
    std::string text = encode(R"({"alg":"EdDSA","kid":"k"})") + '.' +
                       encode(R"({"iat":1767225000,"sub":")" + std::string(uid) +
                              R"(","exp":1767226500,"iss":"https://auth.example.com",)" +
                              R"("aud":"https://auth.example.com"})");
    std::string signature(64, '\0');
    std::size_t size = signature.size();
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    return text + '.' + encode(signature);
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

std::string head_with(std::string_view token) {
  return "GET /api/EsmFA7gb0sS0BIxT1ma7W0JUPr6nepSr/tasks?done=false HTTP/1.1\r\n"
         "Host: api.example.com\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0\r\n"
         "Accept: application/json\r\n"
         "Accept-Encoding: gzip, deflate, br, zstd\r\n"
         "Accept-Language: en-GB,en;q=0.9\r\n"
         "Origin: https://app.example.com\r\n"
         "Authorization: Bearer " +
         std::string(token) + "\r\nConnection: keep-alive\r\n\r\n";
}

struct Core {
  gate::Policy policy;
  Issuer issuer;
  token::Verifier verifier{std::make_shared<const token::Keys>(token::Keys{
                               std::make_shared<const token::SharedSecrets>(std::vector<std::string>{secret}),
                               {issuer.key_set()},
                               nullptr}),
                           {}};
  http::RequestHead head;
  route::Target target;
  std::string out;

  Core() {
    std::vector<route::Rule> rules;
    rules.push_back(std::get<route::Rule>(route::parse_template("/api/{user_id}/**", route::RuleKind::user)));
    rules.push_back(std::get<route::Rule>(route::parse_template("/health", route::RuleKind::open)));
    policy.rules = route::RuleTable(std::move(rules));
  }

  void parse(const std::string& text) {
    http::RequestParser parser(16384);
    head.clear();
    if (parser.parse(text, head) != http::ParseState::complete) std::abort();
  }

  gate::Verdict judge() { return gate::judge(head, policy, verifier, now, target); }

  void rewrite(const gate::Verdict& verdict) {
    http::UpstreamRequest request;
    request.target = target.origin_form();
    request.authority = head.host;
    request.identity_header = "X-User-Id";
    request.uid = verdict.uid.view();
    request.peer_address = "192.0.2.1";
    request.request_id = "0123456789abcdef0123456789abcdef";
    out.clear();
    http::write_request_head(out, head, request);
  }
};

// As the relay counts a request over kept connections on both sides.
void count_request(observe::WorkerMetrics& metrics, const observe::CountedRequest& request) {
  using observe::ConnectionState, observe::Side;
  metrics.connection_changed(Side::client, ConnectionState::idle, ConnectionState::active);
  metrics.count_token_cache(true);
  metrics.count_pool(true);
  metrics.connection_changed(Side::upstream, ConnectionState::idle, ConnectionState::active);
  metrics.connection_changed(Side::upstream, ConnectionState::active, ConnectionState::idle);
  metrics.count(request);
  metrics.connection_changed(Side::client, ConnectionState::active, ConnectionState::idle);
}

// As the relay asks: see limit_user().
bool within_rate(gate::Rates& rates, std::uint64_t uid_hash) {
  return rates.take(uid_hash, std::chrono::seconds(1)).allowed;
}

constexpr std::string_view alice = "EsmFA7gb0sS0BIxT1ma7W0JUPr6nepSr";

}  // namespace

int main(int argc, char** argv) {
  Core core;
  const auto known = head_with(token_of(alice, 0));
  const std::string fresh[] = {head_with(token_of(alice, 1)), head_with(token_of(alice, 2))};
  const auto by_key = head_with(core.issuer.token_of(alice));
  const auto others = head_with(token_of("bob", 0));
  auto wrong = known;
  wrong.insert(wrong.rfind('.') + 1, "A");
  gate::Verdict verdict;
  observe::WorkerMetrics metrics;
  const observe::CountedRequest forwarded{observe::CountedVerdict::forward,
                                          200,
                                          true,
                                          std::chrono::microseconds(900),
                                          std::chrono::microseconds(12),
                                          std::chrono::microseconds(850)};
  const auto limit = [](std::optional<gate::Rate> users) {
    const token::KeyedHash hash = token::KeyedHash::random();
    gate::Rates rates(hash, users, std::nullopt);
    bool allowed = true;
    count([](int) {}, [&, uid_hash = hash(alice)] { allowed = within_rate(rates, uid_hash); });
    if (!allowed) std::abort();
  };
  const auto judged = [&] { verdict = core.judge(); };
  Stages stages = {
      {"parse", [&] { count([](int) {}, [&] { core.parse(known); }); }},
      {"judge-known", [&] { count([&](int) { core.parse(known); }, judged); }},
      {"judge-eddsa", [&] { count([&](int) { core.parse(by_key); }, judged); }},
      {"judge-new", [&] { count([&](int turn) { core.parse(fresh[turn]); }, judged); }},
      {"judge-401", [&] { count([&](int) { core.parse(wrong); }, judged); }},
      {"judge-403", [&] { count([&](int) { core.parse(others); }, judged); }},
      {"rewrite",
       [&] {
         const auto ready = [&](int) {
           core.parse(known);
           judged();
         };
         count(ready, [&] { core.rewrite(verdict); });
       }},
      {"answer",
       [&] {
         gate::AnswerContext context;
         context.date = "Thu, 01 Jan 2026 00:00:00 GMT";
         context.request_id = "0123456789abcdef0123456789abcdef";
         count([&](int) { core.out.clear(); },
               [&] { gate::write_answer(core.out, gate::Answer::token_invalid, context); });
       }},
      {"metrics", [&] { count([](int) {}, [&] { count_request(metrics, forwarded); }); }},
      {"rates",
       [&] {
         limit(gate::Rate{50, std::chrono::milliseconds(1000), 100});
       }},
      {"rates-off", [&] { limit(std::nullopt); }},
      {"scrape",
       [&] {
         observe::Metrics all;
         for (int i = 0; i < 4; ++i) {
           observe::WorkerMetrics& worker = all.add_worker();
           count_request(worker, forwarded);
           for (const observe::RefusalReason& reason : observe::refusal_reasons)
             worker.count_refusal(observe::CountedVerdict::refuse, reason.name);
         }
         const observe::SharedMetrics shared(1);
         const observe::MetricsCollectable collectable([&] {
           return observe::Scrape{all.fold(), &shared, std::nullopt, 0, "0.1.0"};
         });
         count([](int) {}, [&] { core.out = observe::expose(collectable); });
       }},
  };
  stages.merge(token_stages());
  stages.merge(message_stages());
  const auto stage = argc == 2 ? stages.find(argv[1]) : stages.end();
  if (stage == stages.end()) return 2;
  stage->second();
  std::printf("%u\n", gate::status_of(verdict.answer));
  return 0;
}
