#include "keys/key_set_report.hpp"

#include <array>
#include <utility>

#include "config/values/values.hpp"

namespace postern::keys {
namespace {

using observe::Level;

constexpr std::size_t many_keys = 16;
constexpr std::size_t most_skipped_shown = 8;

// A published set holds no secret.
observe::KeyAlgorithm label_of(token::Algorithm algorithm) noexcept {
  using enum observe::KeyAlgorithm;
  switch (algorithm) {
    case token::Algorithm::es256:
      return es256;
    case token::Algorithm::es512:
      return es512;
    case token::Algorithm::rs256:
      return rs256;
    case token::Algorithm::ps256:
      return ps256;
    case token::Algorithm::eddsa:
    case token::Algorithm::hs256:
      break;
  }
  return eddsa;
}

}  // namespace

std::string place_of(const config::HttpUrl& url) {
  return url.origin + url.target.substr(0, url.target.find('?'));
}

KeySetReport::KeySetReport(const config::HttpUrl& url, std::string_view issuer)
    : issuer_(issuer), place_(place_of(url)), loopback_(url.is_loopback()) {}

void KeySetReport::fetched(observe::Log& log, const token::JwkSet& set, bool is_new) {
  const bool recovered = !std::exchange(problem_, {}).empty();
  if (is_new || recovered) {
    log.event(Level::info, is_new ? "key set fetched" : "key set can be fetched again",
              {{"issuer", issuer_}, {"url", place_}, {"keys", std::to_string(set.keys.size())}});
  }
  const bool skips_others = std::exchange(skipped_, set.skipped.size()) != set.skipped.size();
  if (is_new || skips_others) warn_of_keys(log, set);
}

void KeySetReport::warn_of_keys(observe::Log& log, const token::JwkSet& set) const {
  for (std::size_t i = 0; i < set.skipped.size() && i < most_skipped_shown; ++i) {
    const token::SkippedKey& key = set.skipped[i];
    log.event(Level::warn, "key skipped",
              {{"issuer", issuer_},
               {"kid", config::shown(key.kid)},
               {"position", std::to_string(key.position + 1)},
               {"problem", token::text_of(key.fault)}});
  }
  if (set.keys.size() <= many_keys) return;
  log.event(Level::warn, "key set holds many keys, and each of them signs for any user",
            {{"issuer", issuer_}, {"keys", std::to_string(set.keys.size())}});
}

void KeySetReport::failed(observe::Log& log, std::string_view problem) {
  problem_ = problem;
  std::string_view remedy;
  if (loopback_) {
    remedy =
        "in a container this is the container itself: set POSTERN_JWKS_URL to the issuer's address as seen "
        "from here";
  }
  log.event(Level::warn, "key set not fetched",
            {{"issuer", issuer_}, {"url", place_}, {"problem", problem}, {"remedy", remedy}});
}

void KeySetReport::aged(observe::Log& log, Freshness freshness) const {
  if (freshness == Freshness::overdue) {
    log.event(Level::warn, "key set is old, and serves on", {{"issuer", issuer_}, {"url", place_}});
  } else if (freshness == Freshness::stale) {
    log.event(Level::error, "key set is too old: its tokens are answered 503",
              {{"issuer", issuer_}, {"url", place_}});
  }
}

// A set in no usable state verifies nothing, whatever keys it still holds.
void count_keys(const token::Keys& keys, observe::SharedMetrics& metrics) noexcept {
  for (std::size_t i = 0; i < keys.sets.size() && i < metrics.key_sets.size(); ++i) {
    const token::KeySet& set = *keys.sets[i];
    std::array<std::uint64_t, observe::algorithm_names.size()> counts{};
    if (set.state == token::KeySet::State::usable) {
      for (const token::PublicKey& key : set.keys) ++counts[observe::index_of(label_of(key.algorithm))];
    }
    for (std::size_t j = 0; j < counts.size(); ++j) {
      metrics.key_sets[i].keys[j].store(counts[j], std::memory_order_relaxed);
    }
  }
}

}  // namespace postern::keys
