#pragma once
// The keys in force, as one snapshot for all threads: sets that issuers publish are fetched here, on one
// thread and never by a request, and each change is published as a whole.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "keys/key_set_schedule.hpp"
#include "observe/log/log.hpp"
#include "observe/metrics/shared_metrics.hpp"
#include "token/keys/jwk_set.hpp"
#include "token/keys/keys.hpp"
#include "token/revoked_list.hpp"
#include "transport/asio.hpp"
#include "transport/timeouts.hpp"

namespace postern::keys {

struct KeySetFetch;

struct KeySetSettings {
  struct Address {
    std::size_t set = 0;  // index into token::Keys::sets
    config::HttpUrl url;
    std::string issuer;  // for the log
  };
  std::vector<Address> addresses;
  // Of each set, in the order of token::Keys::sets: its URL without the query or its file, for people.
  std::vector<std::string> places;
  ScheduleSettings schedule;
};
KeySetSettings make_key_set_settings(const config::Config& config);

// What came of a wish for a key.
struct WantedKey {
  enum class Outcome : std::uint8_t {
    fetched,  // the set was fetched after the request came: a key that it lacks is none of the issuer's
    older,    // there is another set, but its fetch began before: look, and wish again
    refused,  // it cannot be had in time
  };
  Outcome outcome = Outcome::refused;
  std::uint64_t fetch = 0;  // the number of that fetch
};

// How a set is, for people.
struct KeySetState {
  std::string place;
  std::string issuer;             // "any": tokens of any
  bool fetchable = false;         // it comes from an address, not from a file
  std::size_t keys = 0;           // that verify now
  std::int64_t last_success = 0;  // of a fetch, Unix seconds; 0: never
  std::string problem;            // of the last fetch; empty: it went well, or there was none
};

// Used on the thread of its executor alone.
class KeySets {
 public:
  using Publish = std::function<void(const std::shared_ptr<const token::Keys>&)>;
  using Answer = std::function<void(WantedKey)>;

  // `log` and `metrics`, with a block for each set, outlive it. Null `context`: no set is https.
  KeySets(const transport::Executor& executor, const KeySetSettings& settings,
          const std::shared_ptr<const token::Keys>& initial, const tls::Context& context, observe::Log& log,
          observe::SharedMetrics& metrics, Publish publish);
  ~KeySets();

  // Begins to fetch.
  void start();

  // A request found no key of its own in `judged_by`, the set of index `set`. `earlier` is the fetch that it
  // waited for before; 0: none. `answer` is called once, within longest_wait and after the snapshot was
  // published; perhaps before this returns.
  void want(std::size_t set, const std::shared_ptr<const token::KeySet>& judged_by, std::uint64_t earlier,
            Answer answer);

  // What was read again takes the place of what was, but for fetched sets, sets without a key (their file
  // will not do) and revocations, which stay. Publishes nothing: returns the snapshot.
  std::shared_ptr<const token::Keys> adopt(const token::Keys& reread, const tls::Context& context);
  void use_revoked(std::shared_ptr<const token::RevokedList> revoked);
  // SIGHUP: each set is fetched now.
  void fetch_soon();

  [[nodiscard]] std::vector<KeySetState> states() const;
  // Whether there was ever anything to verify with: a secret, or a set.
  [[nodiscard]] bool ready() const noexcept { return ready_; }

 private:
  struct Source;

  void tick();
  void rearm();
  void begin_fetch(Source& source, observe::FetchTrigger trigger);
  void end_fetch(Source& source, KeySetFetch& fetch, observe::FetchTrigger trigger);
  void note_freshness(Source& source, Instant now);
  void put(Source& source, token::KeySet::State state, const std::vector<token::PublicKey>* keys);
  void publish();

  transport::Executor executor_;
  observe::Log& log_;
  observe::SharedMetrics& metrics_;
  Publish publish_;
  transport::Deadlines deadlines_;
  transport::Timer timer_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::string> places_;
  token::Keys current_;
  WaitingRoom room_;
  bool ready_ = false;
};

}  // namespace postern::keys
