#pragma once
// What the status page shows, as values: the page and its findings are pure functions of it.

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "observe/log/recent_refusals.hpp"
#include "observe/status/history.hpp"

namespace postern::observe {

struct UpstreamStatus {
  enum class State : std::uint8_t { unknown, up, down };
  std::string address;  // without user-info
  State state = State::unknown;
  std::string problem;     // when down, as the system says it
  std::int64_t since = 0;  // Unix seconds; 0: not known
};

// Where keys come from: a shared secret, or a JWK Set.
struct KeySourceStatus {
  std::string name;    // "BETTER_AUTH_SECRET", or the set's URL without user-info or its file
  std::string issuer;  // of a set: whose tokens; empty: not known
  bool is_set = false;
  bool is_file = false;                // a set that is read and not fetched
  std::uint64_t keys = 0;              // that verify now
  std::int64_t last_success = 0;       // a set's last fetch, Unix seconds; 0: never
  std::int64_t refresh_seconds = 0;    // how often it is fetched
  std::int64_t max_stale_seconds = 0;  // how long it is used without a fetch that went well
  std::string problem;                 // of the last fetch or reload; empty: it went well
};

struct Status {
  std::int64_t now = 0;         // Unix seconds
  std::int64_t started_at = 0;  // Unix seconds
  std::string version;
  std::string host;
  bool ready = true;
  bool draining = false;

  // Since the start.
  std::array<std::uint64_t, verdict_names.size()> verdicts{};
  std::uint64_t in_flight = 0;
  std::uint64_t client_connections = 0;
  std::uint64_t lines_dropped = 0;

  double rate = 0;  // requests a second, of late
  std::vector<Minute> minutes;

  UpstreamStatus upstream;
  std::vector<KeySourceStatus> keys;
  std::string reload_problem;              // why the last reload failed; empty: it did not
  std::int64_t certificate_not_after = 0;  // Unix seconds; 0: no certificate
  std::int64_t shadow_until = 0;           // Unix seconds; 0: no shadow mode

  std::vector<std::pair<std::string, std::string>> configuration;  // effective, redacted
  std::vector<Refusal> refusals;                                   // newest first
};

// Fills in what is counted: verdicts, requests in flight, client connections, rate and minutes.
void add_counts(Status& status, const Totals& totals, const History& history);

}  // namespace postern::observe
