#include "keys/key_sets.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <exception>
#include <random>
#include <utility>

#include "config/values.hpp"
#include "keys/fetch_key_set.hpp"
#include "transport/connector.hpp"

namespace postern::keys {

namespace asio = transport::asio;
using observe::FetchTrigger;
using observe::Level;
using State = token::KeySet::State;

namespace {

constexpr std::size_t many_keys = 16;
constexpr std::size_t most_skipped_shown = 8;

Instant since_boot() {
  return std::chrono::duration_cast<Instant>(transport::Clock::now().time_since_epoch());
}

std::int64_t unix_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

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

double jitter() {
  std::random_device source;
  return static_cast<double>(source()) / static_cast<double>(std::random_device::max());
}

// Without its query.
std::string place_of(const config::HttpUrl& url) {
  return url.origin + url.target.substr(0, url.target.find('?'));
}

State state_of(Freshness freshness) noexcept {
  switch (freshness) {
    case Freshness::missing:
      return State::missing;
    case Freshness::stale:
      return State::stale;
    case Freshness::fresh:
    case Freshness::overdue:
      break;
  }
  return State::usable;
}

bool has_any_key(const token::Keys& keys) noexcept {
  return (keys.secrets && !keys.secrets->all().empty()) ||
         std::ranges::any_of(keys.sets, [](const auto& set) { return set->state == State::usable; });
}

}  // namespace

// One address.
struct KeySets::Source {
  struct Waiter {
    bool conclusive = false;
    Instant until{};
    Answer answer;
  };

  Source(const transport::Executor& executor, const KeySetSettings::Address& given,
         const ScheduleSettings& settings, const tls::Context& context)
      : address(given),
        place(place_of(given.url)),
        schedule(settings, since_boot()),
        connector(executor, config::TcpEndpoint{given.url.host, given.url.port},
                  given.url.tls ? context : tls::Context()) {}

  KeySetSettings::Address address;
  std::string place;
  KeySetSchedule schedule;
  transport::Connector connector;
  std::deque<Waiter> waiting;  // for the fetch in flight; in the order they came
  Freshness known = Freshness::missing;
  std::string problem;  // of the last fetch; empty: it went well
  std::size_t skipped = 0;
  FetchTrigger due = FetchTrigger::start;  // why the next fetch on time begins
};

KeySetSettings make_key_set_settings(const config::Config& config) {
  KeySetSettings settings;
  settings.schedule = {config.jwks_refresh, config.jwks_cooldown, config.jwks_max_stale};
  for (std::size_t i = 0; i < config.key_sets.size(); ++i) {
    const config::KeySetSource& source = config.key_sets[i];
    settings.places.push_back(source.is_url() ? place_of(source.address) : source.file);
    if (source.is_url()) settings.addresses.push_back({i, source.address, source.issuer});
  }
  return settings;
}

KeySets::KeySets(const transport::Executor& executor, const KeySetSettings& settings,
                 const std::shared_ptr<const token::Keys>& initial, const tls::Context& context,
                 observe::Log& log, observe::SharedMetrics& metrics, Publish publish)
    : executor_(executor),
      log_(log),
      metrics_(metrics),
      publish_(std::move(publish)),
      deadlines_(executor),
      timer_(executor),
      places_(settings.places),
      current_(*initial),
      ready_(has_any_key(current_)) {
  for (const auto& address : settings.addresses) {
    sources_.push_back(std::make_unique<Source>(executor, address, settings.schedule, context));
  }
  count_keys();
}

KeySets::~KeySets() = default;

void KeySets::start() {
  tick();
}

void KeySets::tick() {
  const Instant now = since_boot();
  for (const auto& source : sources_) {
    note_freshness(*source, now);
    if (source->schedule.begin_due(now)) {
      begin_fetch(*source, std::exchange(source->due, FetchTrigger::timer));
    }
    auto& waiting = source->waiting;
    while (!waiting.empty() && waiting.front().until <= now) {
      const Answer answer = std::move(waiting.front().answer);
      waiting.pop_front();
      room_.leave();
      answer({});
    }
  }
  rearm();
}

void KeySets::rearm() {
  std::optional<Instant> next;
  const auto also = [&next](std::optional<Instant> moment) {
    if (moment && (!next || *moment < *next)) next = moment;
  };
  const Instant now = since_boot();
  for (const auto& source : sources_) {
    also(source->schedule.due());
    also(source->schedule.changes_at(now));
    if (!source->waiting.empty()) also(source->waiting.front().until);
  }
  if (!next) return;
  timer_.expires_at(transport::Clock::time_point(std::max(*next, now)));
  timer_.async_wait([this](const transport::error_code& error) {
    if (!error) tick();
  });
}

void KeySets::begin_fetch(Source& source, FetchTrigger trigger) {
  asio::co_spawn(executor_, fetch_key_set(source.connector, deadlines_, source.address.url),
                 [this, &source, trigger](const std::exception_ptr& failure, KeySetFetch fetch) {
                   // Out of memory: the next try may find more.
                   if (failure) fetch.result = std::string("failed for want of memory");
                   end_fetch(source, fetch, trigger);
                 });
}

void KeySets::end_fetch(Source& source, KeySetFetch& fetch, FetchTrigger trigger) {
  const Instant now = since_boot();
  const auto* set = std::get_if<token::JwkSet>(&fetch.result);
  observe::KeySetMetrics& counts = metrics_.key_sets[source.address.set];
  counts.count_fetch(trigger, set != nullptr);
  if (set != nullptr) {
    counts.last_success.store(unix_seconds(), std::memory_order_relaxed);
    source.schedule.succeeded(now, fetch.max_age, jitter());
    note_success(source, *set);
  } else {
    source.schedule.failed(now, jitter());
    note_failure(source, std::get<std::string>(fetch.result));
  }
  const std::uint64_t number = source.schedule.fetches();
  for (auto& waiter : std::exchange(source.waiting, {})) {
    room_.leave();
    if (set == nullptr) {
      waiter.answer({});
    } else {
      waiter.answer({waiter.conclusive ? WantedKey::Outcome::fetched : WantedKey::Outcome::older, number});
    }
  }
  tick();
}

void KeySets::note_freshness(Source& source, Instant now) {
  const Freshness freshness = source.schedule.freshness(now);
  if (freshness == std::exchange(source.known, freshness)) return;
  if (freshness == Freshness::overdue) {
    log_.event(Level::warn, "key set is old, and serves on",
               {{"issuer", source.address.issuer}, {"url", source.place}});
  } else if (freshness == Freshness::stale) {
    log_.event(Level::error, "key set is too old: its tokens are answered 503",
               {{"issuer", source.address.issuer}, {"url", source.place}});
  }
  put(source, state_of(freshness), nullptr);
}

void KeySets::note_success(Source& source, const token::JwkSet& set) {
  const bool first = source.known == Freshness::missing;
  const bool changed = set.keys != current_.sets[source.address.set]->keys;
  const std::string count = std::to_string(set.keys.size());
  if (first || changed || !source.problem.empty()) {
    log_.event(Level::info, first || changed ? "key set fetched" : "key set can be fetched again",
               {{"issuer", source.address.issuer}, {"url", source.place}, {"keys", count}});
  }
  source.problem.clear();
  if (first || changed || source.skipped != set.skipped.size()) {
    for (std::size_t i = 0; i < set.skipped.size() && i < most_skipped_shown; ++i) {
      const token::SkippedKey& key = set.skipped[i];
      log_.event(Level::warn, "key skipped",
                 {{"issuer", source.address.issuer},
                  {"kid", config::shown(key.kid)},
                  {"position", std::to_string(key.position + 1)},
                  {"problem", token::text_of(key.fault)}});
    }
    if (set.keys.size() > many_keys) {
      log_.event(Level::warn, "key set holds many keys, and each of them signs for any user",
                 {{"issuer", source.address.issuer}, {"keys", count}});
    }
  }
  source.skipped = set.skipped.size();
  source.known = Freshness::fresh;
  put(source, State::usable, &set.keys);
}

void KeySets::note_failure(Source& source, const std::string& problem) {
  source.problem = problem;
  std::string_view remedy;
  if (source.address.url.is_loopback()) {
    remedy =
        "in a container this is the container itself: set POSTERN_JWKS_URL to the issuer's address as seen "
        "from here";
  }
  log_.event(
      Level::warn, "key set not fetched",
      {{"issuer", source.address.issuer}, {"url", source.place}, {"problem", problem}, {"remedy", remedy}});
}

void KeySets::put(Source& source, State state, const std::vector<token::PublicKey>* keys) {
  auto& slot = current_.sets[source.address.set];
  if (slot->state == state && (keys == nullptr || *keys == slot->keys)) return;
  token::KeySet next = *slot;
  next.state = state;
  if (keys != nullptr) next.keys = *keys;
  slot = std::make_shared<const token::KeySet>(std::move(next));
  publish();
}

void KeySets::publish() {
  ready_ = ready_ || has_any_key(current_);
  count_keys();
  publish_(std::make_shared<const token::Keys>(current_));
}

// A set in no usable state verifies nothing, whatever keys it still holds.
void KeySets::count_keys() noexcept {
  for (std::size_t i = 0; i < current_.sets.size() && i < metrics_.key_sets.size(); ++i) {
    const token::KeySet& set = *current_.sets[i];
    std::array<std::uint64_t, observe::algorithm_names.size()> counts{};
    if (set.state == State::usable) {
      for (const token::PublicKey& key : set.keys) ++counts[observe::index_of(label_of(key.algorithm))];
    }
    for (std::size_t j = 0; j < counts.size(); ++j) {
      metrics_.key_sets[i].keys[j].store(counts[j], std::memory_order_relaxed);
    }
  }
}

std::vector<KeySetState> KeySets::states() const {
  std::vector<KeySetState> states;
  for (std::size_t i = 0; i < current_.sets.size() && i < places_.size(); ++i) {
    const token::KeySet& set = *current_.sets[i];
    KeySetState state;
    state.place = places_[i];
    state.issuer = set.issuer.value_or("any");
    state.fetchable = set.fetchable;
    if (set.state == State::usable) state.keys = set.keys.size();
    state.last_success = metrics_.key_sets[i].last_success.load(std::memory_order_relaxed);
    for (const auto& source : sources_) {
      if (source->address.set == i) state.problem = source->problem;
    }
    states.push_back(std::move(state));
  }
  return states;
}

void KeySets::want(std::size_t set, const std::shared_ptr<const token::KeySet>& judged_by,
                   std::uint64_t earlier, Answer answer) {
  const auto found =
      std::ranges::find_if(sources_, [set](const auto& source) { return source->address.set == set; });
  if (found == sources_.end()) return answer({});
  // The set came while the wish was on its way. That costs no fetch.
  if (current_.sets[set] != judged_by) {
    return answer({WantedKey::Outcome::older, (*found)->schedule.fetches()});
  }
  if (!room_.enter()) return answer({});
  Source& source = **found;
  const Instant now = since_boot();
  const Want want = source.schedule.want(now);
  if (want.kind == Want::Kind::refuse) {
    room_.leave();
    return answer({});
  }
  const bool conclusive = want.conclusive || (earlier != 0 && want.fetch > earlier);
  source.waiting.push_back({conclusive, now + longest_wait, std::move(answer)});
  if (want.kind == Want::Kind::begin) begin_fetch(source, FetchTrigger::unknown_kid);
  rearm();
}

std::shared_ptr<const token::Keys> KeySets::adopt(const token::Keys& reread, const tls::Context& context) {
  current_.secrets = reread.secrets;
  for (std::size_t i = 0; i < current_.sets.size() && i < reread.sets.size(); ++i) {
    const token::KeySet& set = *reread.sets[i];
    if (!set.fetchable && set.keys != current_.sets[i]->keys) current_.sets[i] = reread.sets[i];
  }
  for (const auto& source : sources_) {
    if (source->address.url.tls) source->connector.use_context(context);
  }
  count_keys();
  return std::make_shared<const token::Keys>(current_);
}

void KeySets::use_revoked(std::shared_ptr<const token::RevokedList> revoked) {
  current_.revoked = std::move(revoked);
  publish();
}

void KeySets::fetch_soon() {
  for (const auto& source : sources_) {
    source->schedule.fetch_soon(since_boot());
    source->due = FetchTrigger::signal;
  }
  tick();
}

}  // namespace postern::keys
