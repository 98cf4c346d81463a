#include "command/token.hpp"

#include <boost/json.hpp>
#include <memory>
#include <ostream>
#include <variant>
#include <vector>

#include "command/options.hpp"
#include "command/usage.hpp"
#include "config/report.hpp"
#include "config/values/values.hpp"
#include "token/sign.hpp"
#include "token/uid.hpp"
#include "token/verifier.hpp"

namespace postern::command {
namespace {

namespace options = boost::program_options;
namespace json = boost::json;

struct Request {
  std::string uid;
  config::Milliseconds ttl{};
  std::vector<std::string> claims;
};

// The request, or what is wrong with the arguments.
std::variant<Request, std::string> read_arguments(std::span<const std::string> arguments) {
  options::options_description known;
  std::string ttl;
  Request request;
  auto add = known.add_options();
  add("uid", options::value(&request.uid)->required());
  add("ttl", options::value(&ttl)->default_value("15m"));
  add("claim", options::value(&request.claims)->composing());
  if (const auto problem = read_options(arguments, known)) return "token: " + *problem;
  if (!token::Uid::from(request.uid)) return "token: the uid must be 1 to 128 visible ASCII characters";
  const auto parsed = config::parse_duration(ttl);
  if (!parsed || *parsed < config::Milliseconds(1000))
    return "token: --ttl is a duration of at least 1s, e.g. 15m";
  request.ttl = *parsed;
  for (const std::string& claim : request.claims) {
    if (claim.find('=') == 0 || claim.find('=') == std::string::npos)
      return "token: --claim wants NAME=VALUE";
  }
  return request;
}

json::value value_of(std::string_view text) {
  boost::system::error_code error;
  json::value parsed = json::parse(text, error);
  return error ? json::value(text) : parsed;
}

std::string payload(const Request& request, const token::ClaimsPolicy& policy, std::int64_t now) {
  json::object claims;
  claims["iat"] = now;
  claims["exp"] = now + request.ttl.count() / 1000;
  if (policy.issuer) claims["iss"] = *policy.issuer;
  if (policy.audience) claims["aud"] = *policy.audience;
  claims["sub"] = request.uid;
  claims[policy.uid_claims.front()] = request.uid;
  for (const std::string_view claim : request.claims) {
    const std::size_t equals = claim.find('=');
    claims[claim.substr(0, equals)] = value_of(claim.substr(equals + 1));
  }
  return json::serialize(claims);
}

}  // namespace

int mint_token(std::span<const std::string> arguments, const Context& context) {
  const auto request = read_arguments(arguments);
  if (const auto* problem = std::get_if<std::string>(&request)) return misuse(context, *problem);
  config::Outcome outcome = config::read(context.environment, context.host);
  config::print_problems(outcome, context.err);
  if (!outcome.problems.empty()) return misused;
  const token::ClaimsPolicy& policy = outcome.config.claims;
  if (outcome.config.secrets.empty()) {
    context.err
        << "postern: there is no secret to sign with: only the issuer's own private key signs tokens that "
           "this configuration takes; fetch one from the issuer, or set BETTER_AUTH_SECRET\n";
    return misused;
  }
  const auto secrets = std::make_shared<const token::SharedSecrets>(std::move(outcome.config.secrets));
  const std::string signed_token =
      token::sign_hs256(payload(std::get<Request>(request), policy, context.now), secrets->all().front());
  context.out << signed_token << '\n';
  // A token made to be refused is a good test, but nobody should make one without knowing.
  token::Verifier verifier(secrets, policy);
  const auto verification = verifier.verify(signed_token, context.now);
  if (verification.fault != token::TokenFault::none) {
    context.err << "note: this configuration refuses that token: " << token::text_of(verification.fault)
                << '\n';
  }
  return done;
}

}  // namespace postern::command
