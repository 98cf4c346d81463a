#pragma once
// One fetch of a JWK Set over HTTP, bounded in time and size. What comes is hostile until it is read.

#include <optional>
#include <string>
#include <variant>

#include "config/values/http_url.hpp"
#include "keys/key_set_schedule.hpp"
#include "token/keys/jwk_set.hpp"
#include "transport/connector.hpp"
#include "transport/timeouts.hpp"

namespace postern::keys {

struct KeySetFetch {
  // The set, or why there is none: "status 404", "unreachable at 10.0.0.1:443: Connection refused".
  std::variant<token::JwkSet, std::string> result;
  std::optional<Milliseconds> max_age;  // Cache-Control's
};

// GET of `url`, whose server `connector` connects to; status 200 alone counts, and no redirect is followed.
// All of them outlive it.
transport::Awaitable<KeySetFetch> fetch_key_set(transport::Connector& connector,
                                                transport::Deadlines& deadlines, const config::HttpUrl& url);

}  // namespace postern::keys
