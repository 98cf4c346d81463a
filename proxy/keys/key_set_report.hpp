#pragma once
// What the log and the metrics say of the sets that issuers publish.

#include <cstddef>
#include <string>
#include <string_view>

#include "config/values/http_url.hpp"
#include "keys/key_set_schedule.hpp"
#include "observe/log/log.hpp"
#include "observe/metrics/shared_metrics.hpp"
#include "token/keys/jwk_set.hpp"
#include "token/keys/keys.hpp"

namespace postern::keys {

// What is said of one set. It says a thing once and not at each fetch.
class KeySetReport {
 public:
  KeySetReport(const config::HttpUrl& url, std::string_view issuer);

  // `is_new`: it is the first one, or holds other keys than the one before.
  void fetched(observe::Log& log, const token::JwkSet& set, bool is_new);
  void failed(observe::Log& log, std::string_view problem);
  // The set in force has become that old.
  void aged(observe::Log& log, Freshness freshness) const;
  // Of the last fetch; empty: it went well.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  void warn_of_keys(observe::Log& log, const token::JwkSet& set) const;

  std::string issuer_;
  std::string place_;
  bool loopback_;
  std::string problem_;
  std::size_t skipped_ = 0;  // keys of the last set that could not be used
};

// The address without its query.
std::string place_of(const config::HttpUrl& url);

// Sets the gauges of usable keys, by set and algorithm.
void count_keys(const token::Keys& keys, observe::SharedMetrics& metrics) noexcept;

}  // namespace postern::keys
