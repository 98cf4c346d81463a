#include "command/explain.hpp"

#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>
#include <variant>
#include <vector>

#include "command/explain_batch.hpp"
#include "command/obtain_key_set.hpp"
#include "command/options.hpp"
#include "command/usage.hpp"
#include "config/keys/token_keys.hpp"
#include "config/report.hpp"
#include "config/values/values.hpp"
#include "explain/explanation.hpp"
#include "gate/judge.hpp"
#include "gate/shadow.hpp"
#include "http/message_parser.hpp"
#include "relay/settings.hpp"

namespace postern::command {
namespace {

namespace options = boost::program_options;

struct Request {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::string> tokens;  // an Authorization field for each
  std::vector<std::string> fields;  // further field lines
  std::string batch;                // a file of requests; empty: the one above
  bool json = false;
};

// The request, or what is wrong with the arguments.
std::variant<Request, std::string> read_arguments(std::span<const std::string> arguments) {
  Request request;
  std::vector<std::string> words;
  options::options_description known;
  auto add = known.add_options();
  add("json", options::bool_switch(&request.json));
  add("token", options::value(&request.tokens)->composing());
  add("header", options::value(&request.fields)->composing());
  add("batch", options::value(&request.batch));
  add("word", options::value(&words));
  options::positional_options_description positions;
  positions.add("word", 2);
  if (const auto problem = read_options(arguments, known, positions)) return "explain: " + *problem;
  if (!request.batch.empty() &&
      (!words.empty() || !request.tokens.empty() || !request.fields.empty() || request.json))
    return "explain: --batch takes its requests from the file";
  if (words.size() == 1 && words[0].find('/') != std::string::npos)
    words.insert(words.begin(), request.method);
  if (!words.empty()) request.method = words[0];
  if (words.size() > 1) request.target = words[1];
  return request;
}

// "-" is standard input's first line; what is no token but a file's name is what the file holds.
std::string token_of(const std::string& given, const Context& context) {
  std::string token = given;
  if (given == "-") {
    std::getline(context.in, token);
  } else if (std::ranges::count(given, '.') != 2 || given.find('/') != std::string::npos) {
    config::FileContent content = context.host.read_file(given);
    if (!given.empty() && content.error.empty()) token = std::move(content.bytes);
  }
  return std::string(config::trimmed(token));
}

std::string head_of(const Request& request) {
  std::string head = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const std::string& token : request.tokens) {
    if (!token.empty()) head += "Authorization: Bearer " + token + "\r\n";
  }
  for (const std::string& field : request.fields) head += field + "\r\n";
  return head + "\r\n";
}

// The token that is explained: of --token, else of a header.
std::string_view given_token(const Request& request, const http::RequestHead& head) {
  if (!request.tokens.empty()) return request.tokens.front();
  for (const http::Field& field : head.fields) {
    if (field.known == http::FieldName::authorization)
      return field.value.substr(std::min(field.value.find(' '), field.value.size() - 1) + 1);
  }
  return {};
}

// The keys as a gate has them that has just begun, but for the sets at addresses, which are still missing.
struct Keys {
  explicit Keys(config::Config& config) : snapshot(config::take_token_keys(config)) {
    for (const config::KeySetSource& source : config.key_sets) {
      const std::string place = source.is_url() ? source.address.origin + source.address.target : source.file;
      reports.push_back({place.substr(0, place.find('?')), "", false});
    }
  }

  // Fetches the set of the token's issuer, if that is one at an address.
  void fetch_for(const explain::TokenView& token, const config::Config& config) {
    const auto index = explain::set_of(token, snapshot);
    if (!token.header || explain::is_signed_by_secret(token) || !index || !snapshot.sets[*index]->fetchable)
      return;
    auto obtained = obtain_key_set(config.key_sets[*index], config.jwks_tls);
    if (auto* problem = std::get_if<std::string>(&obtained)) {
      reports[*index].problem = std::move(*problem);
      return;
    }
    token::KeySet set = *snapshot.sets[*index];
    set.state = token::KeySet::State::usable;
    set.keys = std::get<token::JwkSet>(std::move(obtained)).keys;
    snapshot.sets[*index] = std::make_shared<const token::KeySet>(std::move(set));
    reports[*index].fetched = true;
  }

  token::Keys snapshot;
  std::vector<explain::KeySetReport> reports;
};

explain::Explanation explain_request(const Request& request, config::Config& config, std::int64_t now) {
  const relay::Settings settings = relay::make_settings(config);
  const std::string bytes = head_of(request);
  http::RequestParser parser(settings.max_header_bytes);
  http::RequestHead head;
  const bool whole =
      parser.parse(bytes, head) == http::ParseState::complete && parser.head_size() == bytes.size();
  if (!whole) head.clear();
  const std::string_view given = given_token(request, head);
  const explain::TokenView token = explain::view_token(given);
  Keys keys(config);
  if (whole) keys.fetch_for(token, config);
  token::Verifier verifier(std::make_shared<const token::Keys>(keys.snapshot), settings.claims);
  route::Target target;
  gate::Verdict verdict = gate::refuse_head(http::status_of(parser.fault()), http::text_of(parser.fault()));
  gate::Circumstances circumstances;
  circumstances.fetched =
      std::ranges::any_of(keys.reports, [](const explain::KeySetReport& report) { return report.fetched; });
  if (whole) verdict = gate::judge(head, settings.policy, verifier, now, target, circumstances);
  gate::Verdict acted_on = verdict;
  if (gate::ShadowWindow(settings.shadow_until).open(now))
    acted_on = gate::shadowed(verdict, head, settings.policy);
  return explain::explain({verdict, head, request.method, target, given, token, settings.policy,
                           settings.claims, keys.snapshot, keys.reports, now},
                          acted_on);
}

}  // namespace

int explain(std::span<const std::string> arguments, const Context& context) {
  auto parsed = read_arguments(arguments);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return misuse(context, *problem);
  auto& request = std::get<Request>(parsed);
  if (!request.batch.empty()) return explain_batch(request.batch, context);
  for (std::string& token : request.tokens) token = token_of(token, context);
  config::Outcome outcome = config::read(context.environment, context.host);
  config::print_problems(outcome, context.err);
  if (!outcome.problems.empty()) return misused;
  const explain::Explanation explanation = explain_request(request, outcome.config, context.now);
  if (request.json) {
    context.out << explain::as_json(explanation) << '\n';
  } else {
    context.out << explain::as_text(explanation);
  }
  return explanation.forwarded ? done : failed;
}

}  // namespace postern::command
