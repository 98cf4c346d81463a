#include "explain/explanation.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "config/values/timestamp.hpp"
#include "config/values/values.hpp"
#include "explain/find_cause.hpp"

namespace postern::explain {
namespace {

constexpr std::array<gate::Step, 9> all_steps = {
    gate::Step::head,  gate::Step::target, gate::Step::rule,      gate::Step::credentials, gate::Step::token,
    gate::Step::route, gate::Step::owner,  gate::Step::condition, gate::Step::forward};

std::string note_on(gate::Step step, const Subject& subject) {
  const gate::Verdict& verdict = subject.verdict;
  std::string note;
  switch (step) {
    case gate::Step::target:
      for (const std::string_view segment : subject.target.segments()) note += ' ' + config::shown(segment);
      return note.empty() ? "no segments" : "segments" + note;
    case gate::Step::rule:
      if (verdict.rule == nullptr) return "none matches, which only a valid token learns";
      return std::string(route::text_of(verdict.rule->kind)) + " path " + verdict.rule->text;
    case gate::Step::condition:
      if (verdict.rule == nullptr) return note;
      for (const route::Condition& condition : verdict.rule->conditions)
        note += (note.empty() ? "" : " ") + condition.text;
      return note;
    case gate::Step::token:
      return "uid " + std::string(verdict.uid.view()) + ", good until " + std::to_string(verdict.expires_at) +
             " (" + config::timestamp_to_string(verdict.expires_at) + ", " +
             distance(verdict.expires_at, subject.now) + ")";
    default:
      return note;
  }
}

std::vector<Step> steps_of(const Subject& subject) {
  std::vector<Step> steps;
  for (const gate::Step step : all_steps) {
    const bool last = step == subject.verdict.step;
    const bool good = !last || subject.verdict.forward();
    steps.push_back(
        {gate::text_of(step), good, good ? note_on(step, subject) : std::string(subject.verdict.reason)});
    if (last) break;
  }
  return steps;
}

std::string forwarded_as(const gate::Verdict& verdict) {
  if (!verdict.uid.empty()) return "forwarded as " + std::string(verdict.uid.view());
  return "forwarded without identity (" + std::string(verdict.shadow ? "shadow" : verdict.reason) + ")";
}

void explain_refusal(const Subject& subject, Explanation& explanation) {
  const Diagnosis found = find_cause(subject);
  const observe::CauseText& text = observe::text_of(found.cause);
  explanation.cause = text.text;
  if (!found.detail.empty()) explanation.cause += ": " + found.detail;
  explanation.remedy = text.remedy;
}

void explain_forwarding(const Subject& subject, Explanation& explanation) {
  const gate::Verdict& verdict = subject.verdict;
  if (verdict.uid.empty()) {
    explanation.cause = verdict.preflight ? "A CORS preflight carries no identity, and needs no token"
                                          : "The path needs no token";
  } else if (verdict.overridden) {
    explanation.cause = "The token is valid, and POSTERN_OVERRIDE opens this path of another user to it";
  } else {
    explanation.cause = "The token is valid, and the path is open to its user";
  }
  explanation.remedy =
      "Nothing to mend here; if the client is refused all the same, the service itself refuses it.";
}

}  // namespace

Explanation explain(const Subject& subject, const gate::Verdict& acted_on) {
  Explanation explanation;
  explanation.forwarded = acted_on.forward();
  explanation.status = gate::status_of(acted_on.answer);
  explanation.reason = subject.verdict.reason;
  explanation.answer = acted_on.forward() ? forwarded_as(acted_on)
                                          : std::to_string(explanation.status) + ' ' +
                                                std::string(gate::detail_of(acted_on.answer));
  if (subject.verdict.forward()) {
    explain_forwarding(subject, explanation);
  } else {
    explain_refusal(subject, explanation);
  }
  explanation.steps = steps_of(subject);
  explanation.token = token_checks(subject);
  return explanation;
}

std::string as_text(const Explanation& explanation) {
  std::string out;
  const auto line = [&out](std::string_view name, std::string_view text) {
    constexpr std::size_t column = 12;
    out.append(name).append(name.size() < column ? column - name.size() : 1, ' ');
    out.append(text) += '\n';
  };
  line("cause", explanation.cause);
  line("remedy", explanation.remedy);
  for (const Step& step : explanation.steps) {
    std::string text = step.good ? "ok" : "failed";
    if (!step.note.empty()) text.append(8 - text.size(), ' ').append(step.note);
    line(step.name, text);
    if (step.name != gate::text_of(gate::Step::token)) continue;
    for (const TokenCheck& check : explanation.token) {
      std::string found = check.found;
      if (!check.expected.empty()) found += " (expected: " + check.expected + ")";
      line("  " + check.name, (check.good ? "ok      " : "differs ") + found);
    }
  }
  line("answer", explanation.answer);
  return out;
}

std::string as_json(const Explanation& explanation) {
  boost::json::array steps, token;
  for (const Step& step : explanation.steps) {
    steps.push_back({{"step", step.name}, {"ok", step.good}, {"note", step.note}});
  }
  for (const TokenCheck& check : explanation.token) {
    token.push_back(
        {{"name", check.name}, {"ok", check.good}, {"expected", check.expected}, {"found", check.found}});
  }
  boost::json::object out;
  out["cause"] = explanation.cause;
  out["remedy"] = explanation.remedy;
  out["forwarded"] = explanation.forwarded;
  out["status"] = explanation.forwarded ? boost::json::value() : boost::json::value(explanation.status);
  out["answer"] = explanation.answer;
  out["reason"] = explanation.reason;
  out["steps"] = std::move(steps);
  out["token"] = std::move(token);
  return boost::json::serialize(out);
}

}  // namespace postern::explain
