#include "server/server.hpp"

#include <sys/signalfd.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#include "admin/admin_server.hpp"
#include "config/machine.hpp"
#include "keys/key_sets.hpp"
#include "keys/revoked_file.hpp"
#include "keys/watched_file.hpp"
#include "server/key_desk.hpp"
#include "server/worker.hpp"
#include "transport/listener.hpp"

namespace postern::server {
namespace {

namespace asio = transport::asio;
using observe::Level;
using transport::error_code;

constexpr std::chrono::seconds look_again_after{1};
// The admin side is for whoever runs the process.
constexpr unsigned admin_mode = 0600;

// What runs on the main thread while the workers serve.
class Server {
 public:
  Server(const relay::Settings& settings, const KeySettings& key_settings, const ReloadKeys& reload,
         observe::Log& log)
      : settings_(settings),
        key_settings_(key_settings),
        reload_(reload),
        log_(log),
        signals_(context_),
        drained_(context_),
        watch_(context_) {}

  std::optional<std::string> run(ServerKeys keys);

 private:
  void start_workers(const relay::Keys& keys);
  bool watch_signals();
  void wait_for_signal();
  void on_signal(int number);
  void drain();
  void reload();
  void watch_files();
  void watch_revoked_file();
  void begin_to_fetch_keys(const ServerKeys& keys);

  const relay::Settings& settings_;
  const KeySettings& key_settings_;
  const ReloadKeys& reload_;
  observe::Log& log_;
  asio::io_context context_{1};
  asio::posix::basic_stream_descriptor<transport::Executor> signals_;
  signalfd_siginfo signal_{};
  asio::steady_timer drained_;
  asio::steady_timer watch_;
  std::vector<keys::WatchedFile> files_;
  std::optional<transport::Listeners> listeners_;
  relay::Shared shared_;
  std::deque<Worker> workers_;
  std::optional<keys::RevokedFile> revoked_file_;
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
    auto admin = transport::Listeners::open(*settings_.admin_listen, 1, admin_mode);
    if (auto* problem = std::get_if<std::string>(&admin)) return *problem;
    admin_.emplace(
        context_, std::move(std::get<transport::Listeners>(admin)),
        admin::UpstreamProbe{settings_.upstream, settings_.upstream_health_path, settings_.connect_timeout},
        keys.keys.client_tls, shared_.draining);
  }

  if (!watch_signals()) return "cannot watch for signals: " + std::string(std::strerror(errno));
  wait_for_signal();
  for (const std::string& file : settings_.watched_files) files_.emplace_back(file);
  if (!key_settings_.revoked_file.empty()) {
    revoked_file_.emplace(key_settings_.revoked_file, config::read_large_file);
  }
  if (!files_.empty() || revoked_file_) watch_files();
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

  key_sets_->start();
  context_.run();
  for (std::thread& thread : threads_) thread.join();
  log_.event(Level::info, "stopped");
  log_.stop();
  return std::nullopt;
}

void Server::begin_to_fetch_keys(const ServerKeys& keys) {
  key_sets_.emplace(context_.get_executor(), key_settings_.sets, keys.keys.tokens, keys.jwks_tls, log_,
                    [this](const std::shared_ptr<const token::Keys>& tokens) {
                      for (Worker& worker : workers_) worker.use_tokens(tokens);
                    });
  key_desk_.emplace(context_.get_executor(), *key_sets_);
  shared_.key_source = &*key_desk_;
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
      if (running_.fetch_sub(1) == 1) asio::post(context_, [this] { context_.stop(); });
    });
  }
}

// Blocked in this thread, and so in those it starts, signals are read like any other input: no handler
// interrupts anything, and one that comes when all is over spoils nothing.
bool Server::watch_signals() {
  sigset_t handled;
  ::sigemptyset(&handled);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&handled, number);
  if (::pthread_sigmask(SIG_BLOCK, &handled, nullptr) != 0) return false;
  const int descriptor = ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) return false;
  signals_.assign(descriptor);
  return true;
}

void Server::wait_for_signal() {
  signals_.async_read_some(asio::buffer(&signal_, sizeof signal_),
                           [this](const error_code& error, std::size_t) {
                             if (error) return;
                             on_signal(static_cast<int>(signal_.ssi_signo));
                             wait_for_signal();
                           });
}

void Server::watch_files() {
  watch_.expires_after(look_again_after);
  watch_.async_wait([this](const error_code& error) {
    if (error) return;
    bool changed = false;
    for (keys::WatchedFile& file : files_) changed = file.changed() || changed;
    if (changed) reload();
    if (revoked_file_) watch_revoked_file();
    watch_files();
  });
}

void Server::watch_revoked_file() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto news = revoked_file_->look(std::chrono::duration_cast<std::chrono::milliseconds>(now));
  if (const auto* problem = std::get_if<std::string>(&news)) {
    log_.event(Level::error, "revoked tokens not read again, the old list stays", {{"problem", *problem}});
  } else if (auto* list = std::get_if<std::shared_ptr<const token::RevokedList>>(&news)) {
    log_.event(Level::info, "revoked tokens read", {{"entries", std::to_string((*list)->size())}});
    key_sets_->use_revoked(std::move(*list));
  }
}

void Server::on_signal(int number) {
  if (number == SIGHUP) {
    if (revoked_file_) revoked_file_->read_soon();
    reload();
    return key_sets_->fetch_soon();
  }
  if (!shared_.draining.exchange(true)) return drain();
  log_.event(Level::warn, "second signal: ending at once");
  for (Worker& worker : workers_) worker.end_now();
}

void Server::drain() {
  log_.event(Level::info, "draining",
             {{"connections", std::to_string(shared_.connections.load())},
              {"at_most_ms", std::to_string(settings_.drain_timeout.count())}});
  listeners_->remove_path();
  for (Worker& worker : workers_) worker.begin_drain();
  drained_.expires_after(settings_.drain_timeout);
  drained_.async_wait([this](const error_code& error) {
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
    return;
  }
  auto& [keys, jwks_tls] = std::get<ServerKeys>(reloaded);
  keys.tokens = key_sets_->adopt(*keys.tokens, jwks_tls);
  for (Worker& worker : workers_) worker.use_keys(keys);
  if (admin_) admin_->use_context(keys.client_tls);
  log_.event(Level::info, "keys reloaded", {{"secrets", std::to_string(keys.tokens->secrets->all().size())}});
}

}  // namespace

std::optional<std::string> serve(const relay::Settings& settings, const KeySettings& key_settings,
                                 ServerKeys keys, const ReloadKeys& reload, observe::Log& log) {
  return Server(settings, key_settings, reload, log).run(std::move(keys));
}

}  // namespace postern::server
