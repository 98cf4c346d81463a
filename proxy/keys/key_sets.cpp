#include "keys/key_sets.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <random>
#include <utility>

#include "keys/fetch_key_set.hpp"
#include "keys/key_set_report.hpp"
#include "transport/connector.hpp"

namespace postern::keys {

namespace asio = transport::asio;
using observe::FetchTrigger;
using State = token::KeySet::State;

namespace {

Instant since_boot() {
  return std::chrono::duration_cast<Instant>(transport::Clock::now().time_since_epoch());
}

std::int64_t unix_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

double jitter() {
  std::random_device source;
  return static_cast<double>(source()) / static_cast<double>(std::random_device::max());
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
        report(given.url, given.issuer),
        schedule(settings, since_boot()),
        connector(executor, config::TcpEndpoint{given.url.host, given.url.port},
                  given.url.tls ? context : tls::Context()) {}

  KeySetSettings::Address address;
  KeySetReport report;
  KeySetSchedule schedule;
  transport::Connector connector;
  std::deque<Waiter> waiting;  // for the fetch in flight; in the order they came
  Freshness known = Freshness::missing;
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
  count_keys(current_, metrics_);
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
    const bool first = std::exchange(source.known, Freshness::fresh) == Freshness::missing;
    source.report.fetched(log_, *set, first || set->keys != current_.sets[source.address.set]->keys);
    put(source, State::usable, &set->keys);
  } else {
    source.schedule.failed(now, jitter());
    source.report.failed(log_, std::get<std::string>(fetch.result));
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
  source.report.aged(log_, freshness);
  put(source, state_of(freshness), nullptr);
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
  count_keys(current_, metrics_);
  publish_(std::make_shared<const token::Keys>(current_));
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
      if (source->address.set == i) state.problem = source->report.problem();
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
    const bool is_read = !set.fetchable && !set.keys.empty();
    if (is_read && set.keys != current_.sets[i]->keys) current_.sets[i] = reread.sets[i];
  }
  for (const auto& source : sources_) {
    if (source->address.url.tls) source->connector.use_context(context);
  }
  count_keys(current_, metrics_);
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
