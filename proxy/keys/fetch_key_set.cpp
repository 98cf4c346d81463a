#include "keys/fetch_key_set.hpp"

#include <utility>

#include "config/values/values.hpp"
#include "keys/cache_control.hpp"
#include "transport/http_client.hpp"

namespace postern::keys {

namespace http = transport::beast::http;

namespace {

std::string problem_of(const transport::HttpResult& result) {
  std::string_view problem = result.problem;
  // The connector speaks of upstreams.
  constexpr std::string_view upstream = "upstream ";
  if (problem.starts_with(upstream)) return std::string(problem.substr(upstream.size()));
  std::string text(transport::text_of(result.fault));
  if (!problem.empty()) text.append(": ").append(problem);
  return text;
}

std::string problem_of(unsigned status) {
  const bool redirect = status >= 300 && status < 400;
  return "status " + std::to_string(status) + (redirect ? ", and redirects are not followed" : "");
}

std::string problem_of(const token::JwkSetRefusal& refusal) {
  constexpr std::size_t most_shown = 4;
  std::string text(token::text_of(refusal.fault));
  for (std::size_t i = 0; i < refusal.skipped.size() && i < most_shown; ++i) {
    const token::SkippedKey& key = refusal.skipped[i];
    text += "; key " + (key.kid.empty() ? std::to_string(key.position + 1) : config::shown(key.kid)) + ": ";
    text += token::text_of(key.fault);
  }
  return text;
}

}  // namespace

transport::Awaitable<KeySetFetch> fetch_key_set(transport::Connector& connector,
                                                transport::Deadlines& deadlines, const config::HttpUrl& url) {
  transport::HttpLimits limits;
  limits.connect = longest_connect;
  limits.whole = longest_fetch;
  limits.from_the_start = true;
  limits.body_bytes = token::max_jwk_set_bytes;
  transport::HttpRequest request(http::verb::get, url.target.empty() ? "/" : url.target, 11);
  request.set(http::field::accept, "application/jwk-set+json, application/json");
  request.set(http::field::accept_encoding, "identity");
  // The origin without its scheme is what Host carries (RFC 9110 7.2).
  std::string host = url.origin.substr(url.origin.find("://") + 3);
  const transport::HttpResult fetched =
      co_await transport::exchange_once(connector, deadlines, std::move(request), std::move(host), limits);
  KeySetFetch fetch;
  if (fetched.fault != transport::HttpFault::none) {
    fetch.result = problem_of(fetched);
    co_return fetch;
  }
  if (fetched.response.result_int() != 200) {
    fetch.result = problem_of(fetched.response.result_int());
    co_return fetch;
  }
  auto read = token::read_jwk_set(fetched.response.body());
  if (const auto* refusal = std::get_if<token::JwkSetRefusal>(&read)) {
    fetch.result = problem_of(*refusal);
    co_return fetch;
  }
  fetch.result = std::get<token::JwkSet>(std::move(read));
  fetch.max_age = max_age_of(fetched.response[http::field::cache_control]);
  co_return fetch;
}

}  // namespace postern::keys
