#include "server/status_source.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "observe/status/status_page.hpp"
#include "tls/context.hpp"

namespace postern::server {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

observe::UpstreamStatus status_of(const admin::UpstreamHealth& health, const config::Endpoint& address) {
  using State = observe::UpstreamStatus::State;
  observe::UpstreamStatus status;
  status.address = config::to_string(address);
  status.state = health.problem.empty() ? State::up : State::down;
  status.problem = health.detail.empty() ? std::string(health.problem) : health.detail;
  status.since = health.since;
  return status;
}

}  // namespace

StatusSource::StatusSource(const relay::Settings& settings, const About& about, relay::Shared& shared,
                           const observe::Log& log, const admin::Drain& drain)
    : settings_(settings), about_(about), shared_(shared), log_(log), drain_(drain), started_at_(now()) {
  shared_.events.last_reload_success.store(started_at_);
}

std::int64_t StatusSource::now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

void StatusSource::note_keys(const relay::Keys& keys) {
  secrets_ = keys.tokens->secrets->all().size();
  shared_.events.certificate_not_after.store(keys.server_tls ? tls::not_after(*keys.server_tls) : 0);
  reload_problem_.clear();
}

void StatusSource::note_reload_failed(std::string problem) {
  reload_problem_ = std::move(problem);
}

std::string StatusSource::metrics() const {
  return observe::expose(observe::MetricsCollectable([this] {
    return observe::Scrape{shared_.metrics.fold(), &shared_.events, observe::read_process_figures(),
                           log_.lines_dropped(), about_.version};
  }));
}

std::vector<observe::KeySourceStatus> StatusSource::key_sources() const {
  using std::chrono::duration_cast, std::chrono::seconds;
  std::vector<observe::KeySourceStatus> sources;
  if (secrets_ != 0) {
    observe::KeySourceStatus& secret = sources.emplace_back();
    secret.name = "BETTER_AUTH_SECRET";
    secret.keys = secrets_;
  }
  if (key_sets_ == nullptr) return sources;
  for (keys::KeySetState& state : key_sets_->states()) {
    observe::KeySourceStatus& set = sources.emplace_back();
    set.name = std::move(state.place);
    set.issuer = std::move(state.issuer);
    set.is_set = true;
    set.is_file = !state.fetchable;
    set.keys = state.keys;
    set.last_success = state.last_success;
    set.problem = std::move(state.problem);
    set.refresh_seconds = duration_cast<seconds>(schedule_.refresh).count();
    set.max_stale_seconds = duration_cast<seconds>(schedule_.max_stale).count();
  }
  return sources;
}

std::string StatusSource::page(const admin::UpstreamHealth& upstream) {
  observe::Status status;
  status.now = now();
  status.started_at = started_at_;
  status.version = about_.version;
  status.host = host_name();
  status.ready = drain_.phase() == admin::DrainPhase::serving && upstream.problem.empty();
  status.draining = drain_.phase() >= admin::DrainPhase::refusing;
  const observe::Totals totals = shared_.metrics.fold();
  history_.note(status.now, totals);
  observe::add_counts(status, totals, history_);
  status.lines_dropped = log_.lines_dropped();
  status.upstream = status_of(upstream, settings_.upstream);
  status.keys = key_sources();
  status.shadow_until = settings_.shadow_until.value_or(0);
  status.reload_problem = reload_problem_;
  status.certificate_not_after = shared_.events.certificate_not_after.load();
  status.configuration = about_.configuration;
  status.refusals = log_.recent_refusals();
  return observe::status_page(status);
}

}  // namespace postern::server
