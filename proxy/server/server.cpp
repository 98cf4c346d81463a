#include "server/server.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#include "admin/admin_server.hpp"
#include "keys/key_sets.hpp"
#include "server/file_watch.hpp"
#include "server/key_desk.hpp"
#include "server/shadow_reminder.hpp"
#include "server/signals.hpp"
#include "server/status_source.hpp"
#include "server/worker.hpp"
#include "transport/listener.hpp"

namespace postern::server {
namespace {

namespace asio = transport::asio;
using observe::Level;
using transport::error_code;

constexpr std::chrono::seconds history_step{1};
// The admin side is for whoever runs the process.
constexpr unsigned admin_mode = 0600;

// What runs on the main thread while the workers serve.
class Server {
 public:
  Server(const relay::Settings& settings, const About& about, const KeySettings& key_settings,
         const ReloadKeys& reload, observe::Log& log)
      : settings_(settings),
        key_settings_(key_settings),
        reload_(reload),
        log_(log),
        signals_(context_.get_executor()),
        cut_(context_),
        files_(context_.get_executor()),
        next_second_(context_),
        shared_(settings),
        shadow_(context_.get_executor(), shared_.shadow, log),
        drain_(context_,
               {[this](admin::Drain::Duration after) { announce_drain(after); }, [this] { begin_drain(); }}),
        status_(settings, about, shared_, log, drain_) {}

  std::optional<std::string> run(ServerKeys keys);

 private:
  void start_workers(const relay::Keys& keys);
  void on_signal(int number);
  std::optional<std::string> open_admin(const relay::Keys& keys);
  void announce_drain(admin::Drain::Duration after);
  void begin_drain();
  void on_empty();
  void count_seconds();
  void reload();
  void watch_files();
  void use_revoked(keys::RevokedFile::News news);
  void begin_to_fetch_keys(const ServerKeys& keys);

  const relay::Settings& settings_;
  const KeySettings& key_settings_;
  const ReloadKeys& reload_;
  observe::Log& log_;
  asio::io_context context_{1};
  Signals signals_;
  asio::steady_timer cut_;
  FileWatch files_;
  asio::steady_timer next_second_;
  std::optional<transport::Listeners> listeners_;
  relay::Shared shared_;
  ShadowReminder shadow_;
  admin::Drain drain_;
  bool terminating_ = false;  // a signal asked for the end
  StatusSource status_;
  std::deque<Worker> workers_;
  std::optional<keys::KeySets> key_sets_;
  std::optional<KeyDesk> key_desk_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> running_{0};
  std::optional<admin::AdminServer> admin_;
};

std::optional<std::string> Server::run(ServerKeys keys) {
  auto opened = transport::Listeners::open(settings_.listen, settings_.threads, settings_.listen_mode);
  if (auto* problem = std::get_if<std::string>(&opened)) return *problem;
  listeners_.emplace(std::move(std::get<transport::Listeners>(opened)));
  if (settings_.admin_listen) {
    if (auto problem = open_admin(keys.keys)) return problem;
  }
  status_.note_keys(keys.keys);

  if (!signals_.watch([this](int number) { on_signal(number); })) {
    return "cannot watch for signals: " + std::string(std::strerror(errno));
  }
  watch_files();
  begin_to_fetch_keys(keys);
  start_workers(keys.keys);
  // The workers have theirs; after a rotation the old ones must not live on here.
  keys = ServerKeys();
  log_.event(Level::info, "listening",
             {{"address", listeners_->address()},
              {"upstream", config::to_string(settings_.upstream)},
              {"threads", std::to_string(settings_.threads)}});
  if (listeners_->is_shared()) {
    log_.event(Level::warn, "another process listens on this address: it gets a part of the connections",
               {{"address", listeners_->address()}});
  }
  if (admin_) log_.event(Level::info, "admin listening", {{"address", admin_->address()}});
  if (settings_.shadow_until) shadow_.start(*settings_.shadow_until);

  key_sets_->start();
  context_.run();
  for (std::thread& thread : threads_) thread.join();
  // Who waited for this end hears of it.
  context_.restart();
  context_.poll();
  log_.event(Level::info, "stopped");
  log_.stop();
  return std::nullopt;
}

std::optional<std::string> Server::open_admin(const relay::Keys& keys) {
  auto listeners = transport::Listeners::open(*settings_.admin_listen, 1, admin_mode);
  if (auto* problem = std::get_if<std::string>(&listeners)) return *problem;
  admin_.emplace(
      context_, std::move(std::get<transport::Listeners>(listeners)),
      admin::UpstreamProbe{settings_.upstream, settings_.upstream_health_path, settings_.connect_timeout},
      keys.client_tls, drain_,
      admin::Pages{[this] { return status_.metrics(); },
                   [this](const admin::UpstreamHealth& upstream) { return status_.page(upstream); }});
  log_.keep_refusals();
  count_seconds();
  return std::nullopt;
}

void Server::count_seconds() {
  status_.note_second();
  next_second_.expires_after(history_step);
  next_second_.async_wait([this](const error_code& error) {
    if (!error) count_seconds();
  });
}

void Server::begin_to_fetch_keys(const ServerKeys& keys) {
  for (std::size_t i = 0; i < keys.keys.tokens->sets.size(); ++i) shared_.events.key_sets.emplace_back();
  key_sets_.emplace(context_.get_executor(), key_settings_.sets, keys.keys.tokens, keys.jwks_tls, log_,
                    shared_.events, [this](const std::shared_ptr<const token::Keys>& tokens) {
                      for (Worker& worker : workers_) worker.use_tokens(tokens);
                    });
  key_desk_.emplace(context_.get_executor(), *key_sets_);
  shared_.key_source = &*key_desk_;
  status_.watch(*key_sets_, key_settings_.sets.schedule);
  if (!admin_) return;
  admin_->also_ask([this] { return key_sets_->ready() ? std::string_view{} : "no key set yet"; });
}

void Server::start_workers(const relay::Keys& keys) {
  for (unsigned i = 0; i < settings_.threads; ++i) {
    workers_.emplace_back(settings_, keys, log_, shared_).listen(listeners_->take());
  }
  log_.start();
  running_ = workers_.size();
  for (Worker& worker : workers_) {
    threads_.emplace_back([this, &worker] {
      worker.run();
      if (running_.fetch_sub(1) == 1) asio::post(context_, [this] { on_empty(); });
    });
  }
}

void Server::watch_files() {
  for (const std::string& file : settings_.watched_files) files_.add(file);
  if (!key_settings_.revoked_file.empty()) files_.add_revoked(key_settings_.revoked_file);
  files_.start([this] { reload(); }, [this](keys::RevokedFile::News news) { use_revoked(std::move(news)); });
}

void Server::use_revoked(keys::RevokedFile::News news) {
  if (const auto* problem = std::get_if<std::string>(&news)) {
    log_.event(Level::error, "revoked tokens not read again, the old list stays", {{"problem", *problem}});
  } else if (auto* list = std::get_if<std::shared_ptr<const token::RevokedList>>(&news)) {
    log_.event(Level::info, "revoked tokens read", {{"entries", std::to_string((*list)->size())}});
    key_sets_->use_revoked(std::move(*list));
  }
}

void Server::on_signal(int number) {
  if (number == SIGHUP) {
    files_.read_revoked_soon();
    reload();
    return key_sets_->fetch_soon();
  }
  if (terminating_) {
    log_.event(Level::warn, "second signal: ending at once");
    for (Worker& worker : workers_) worker.end_now();
    return;
  }
  terminating_ = true;
  drain_.begin();
  if (drain_.phase() == admin::DrainPhase::empty) context_.stop();
}

// A gate that was drained without a signal stays, so that nothing starts it anew before it is to go.
void Server::on_empty() {
  cut_.cancel();
  drain_.note_empty();
  if (terminating_) return context_.stop();
  log_.event(Level::info, "drained");
}

void Server::announce_drain(admin::Drain::Duration after) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(after);
  log_.event(Level::info, "drain announced", {{"after_ms", std::to_string(milliseconds.count())}});
}

void Server::begin_drain() {
  shared_.draining = true;
  log_.event(Level::info, "draining",
             {{"connections", std::to_string(shared_.connections.load())},
              {"at_most_ms", std::to_string(settings_.drain_timeout.count())}});
  listeners_->remove_path();
  for (Worker& worker : workers_) worker.begin_drain();
  cut_.expires_after(settings_.drain_timeout);
  cut_.async_wait([this](const error_code& error) {
    if (error) return;
    log_.event(Level::warn, "drain timeout: cutting what is left",
               {{"connections", std::to_string(shared_.connections.load())}});
    for (Worker& worker : workers_) worker.end_streams();
  });
}

void Server::reload() {
  auto reloaded = reload_();
  if (const auto* problem = std::get_if<std::string>(&reloaded)) {
    log_.event(Level::error, "keys not reloaded, the old ones stay", {{"problem", *problem}});
    shared_.events.count_reload(false, 0);
    status_.note_reload_failed(*problem);
    return;
  }
  auto& [keys, jwks_tls, problems] = std::get<ServerKeys>(reloaded);
  keys.tokens = key_sets_->adopt(*keys.tokens, jwks_tls);
  for (Worker& worker : workers_) worker.use_keys(keys);
  if (admin_) admin_->use_context(keys.client_tls);
  status_.note_keys(keys);
  for (const std::string& problem : problems) {
    log_.event(Level::error, "key set file not read again, its old keys stay", {{"problem", problem}});
    status_.note_reload_failed(problem);
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  shared_.events.count_reload(problems.empty(),
                              std::chrono::duration_cast<std::chrono::seconds>(now).count());
  log_.event(Level::info, "keys reloaded", {{"secrets", std::to_string(keys.tokens->secrets->all().size())}});
}

}  // namespace

std::optional<std::string> serve(const relay::Settings& settings, const About& about,
                                 const KeySettings& key_settings, ServerKeys keys, const ReloadKeys& reload,
                                 observe::Log& log) {
  return Server(settings, about, key_settings, reload, log).run(std::move(keys));
}

}  // namespace postern::server
