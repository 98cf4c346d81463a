#include "command/explain.hpp"

#include <array>
#include <iomanip>
#include <istream>
#include <memory>
#include <ostream>
#include <variant>
#include <vector>

#include "command/explain_batch.hpp"
#include "command/options.hpp"
#include "command/usage.hpp"
#include "config/keys/token_keys.hpp"
#include "config/report.hpp"
#include "config/values/values.hpp"
#include "gate/conditions.hpp"
#include "gate/judge.hpp"
#include "http/message_parser.hpp"
#include "relay/settings.hpp"

namespace postern::command {
namespace {

namespace options = boost::program_options;

struct Request {
  std::string method = "GET";
  std::string target = "/";
  std::string token;  // empty: none; "-": on standard input
  std::string batch;  // a file of requests; empty: the one above
};

// The request, or what is wrong with the arguments.
std::variant<Request, std::string> read_arguments(std::span<const std::string> arguments) {
  Request request;
  std::vector<std::string> words;
  options::options_description known;
  auto add = known.add_options();
  add("token", options::value(&request.token));
  add("batch", options::value(&request.batch));
  add("word", options::value(&words));
  options::positional_options_description positions;
  positions.add("word", 2);
  if (const auto problem = read_options(arguments, known, positions)) return "explain: " + *problem;
  if (!request.batch.empty() && (!words.empty() || !request.token.empty()))
    return "explain: --batch takes its requests from the file";
  if (words.size() == 1 && words[0].find('/') != std::string::npos)
    words.insert(words.begin(), request.method);
  if (!words.empty()) request.method = words[0];
  if (words.size() > 1) request.target = words[1];
  return request;
}

std::string head_of(const Request& request) {
  std::string head = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
  if (!request.token.empty()) head += "Authorization: Bearer " + request.token + "\r\n";
  return head + "\r\n";
}

constexpr std::array<gate::Step, 9> steps = {
    gate::Step::head,  gate::Step::target, gate::Step::rule,      gate::Step::credentials, gate::Step::token,
    gate::Step::route, gate::Step::owner,  gate::Step::condition, gate::Step::forward};

std::string note_on(gate::Step step, const gate::Verdict& verdict, const route::Target& target) {
  switch (step) {
    case gate::Step::target: {
      std::string note = "segments";
      for (const std::string_view segment : target.segments()) note += ' ' + config::shown(segment);
      return target.segments().empty() ? "no segments" : note;
    }
    case gate::Step::rule:
      if (verdict.rule == nullptr) return "none matches, which only a valid token learns";
      return std::string(route::text_of(verdict.rule->kind)) + " path " + verdict.rule->text;
    case gate::Step::condition: {
      std::string note;
      if (verdict.rule == nullptr) return note;
      for (const route::Condition& condition : verdict.rule->conditions)
        note += (note.empty() ? "" : " ") + condition.text;
      return note;
    }
    case gate::Step::token:
      return "uid " + std::string(verdict.uid.view()) + ", good until " + std::to_string(verdict.expires_at);
    default:
      return {};
  }
}

// Which condition it is that failed, if one did.
std::string unmet(const gate::Verdict& verdict, const route::Target& target) {
  if (verdict.step != gate::Step::condition || verdict.rule == nullptr) return {};
  const route::Condition* const one = gate::unmet_condition(*verdict.rule, verdict.claims, target.segments());
  return one == nullptr ? "" : ": " + one->text;
}

// Better Auth's session token is what people paste first: one dot, where a JWT has two.
bool looks_like_session_token(std::string_view token) {
  const std::size_t dot = token.find('.');
  return dot != std::string_view::npos && token.find('.', dot + 1) == std::string_view::npos;
}

void print(const gate::Verdict& verdict, const route::Target& target, const Request& request,
           std::ostream& out) {
  const auto line = [&out](gate::Step step, std::string_view result, std::string_view note) {
    out << std::left << std::setw(12) << gate::text_of(step) << std::setw(note.empty() ? 0 : 8) << result
        << note << '\n';
  };
  for (const gate::Step step : steps) {
    if (step == verdict.step && !verdict.forward()) {
      line(step, "failed", std::string(verdict.reason) + unmet(verdict, target));
      break;
    }
    line(step, "ok", note_on(step, verdict, target));
    if (step == verdict.step) break;
  }
  if (verdict.step == gate::Step::token && looks_like_session_token(request.token)) {
    out << "hint        this looks like Better Auth's session token; GET /api/auth/token exchanges it for a "
           "JWT\n";
  }
  if (verdict.forward()) {
    out << "answer      forwarded " << (verdict.uid.empty() ? "without identity (" : "as ")
        << verdict.uid.view() << (verdict.uid.empty() ? std::string(verdict.reason) + ")" : "") << '\n';
  } else {
    out << "answer      " << gate::status_of(verdict.answer) << ' ' << gate::detail_of(verdict.answer)
        << '\n';
  }
}

// `bytes` is a whole request head; `target` keeps views into it.
gate::Verdict judge(std::string_view bytes, const relay::Settings& settings, token::Verifier& verifier,
                    std::int64_t now, route::Target& target) {
  http::RequestParser parser(settings.max_header_bytes);
  http::RequestHead head;
  if (parser.parse(bytes, head) == http::ParseState::complete && parser.head_size() == bytes.size()) {
    return gate::judge(head, settings.policy, verifier, now, target);
  }
  return gate::refuse_head(http::status_of(parser.fault()), http::text_of(parser.fault()));
}

}  // namespace

int explain(std::span<const std::string> arguments, const Context& context) {
  auto parsed = read_arguments(arguments);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return misuse(context, *problem);
  auto& request = std::get<Request>(parsed);
  if (!request.batch.empty()) return explain_batch(request.batch, context);
  if (request.token == "-") {
    std::getline(context.in, request.token);
    request.token = config::trimmed(request.token);
  }
  config::Outcome outcome = config::read(context.environment, context.host);
  config::print_problems(outcome, context.err);
  if (!outcome.problems.empty()) return misused;
  const relay::Settings settings = relay::make_settings(outcome.config);
  token::Verifier verifier(std::make_shared<const token::Keys>(config::take_token_keys(outcome.config)),
                           settings.claims);
  route::Target target;
  const std::string bytes = head_of(request);
  const gate::Verdict verdict = judge(bytes, settings, verifier, context.now, target);
  print(verdict, target, request, context.out);
  return done;
}

}  // namespace postern::command
