#include "server/signals.hpp"

#include <csignal>
#include <utility>

namespace postern::server {

// Blocked in this thread, and so in those it starts, signals are read like any other input: no handler
// interrupts anything, and one that comes when all is over spoils nothing.
bool Signals::watch(Handler handler) {
  sigset_t handled;
  ::sigemptyset(&handled);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&handled, number);
  if (::pthread_sigmask(SIG_BLOCK, &handled, nullptr) != 0) return false;
  const int descriptor = ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) return false;
  descriptor_.assign(descriptor);
  handler_ = std::move(handler);
  wait();
  return true;
}

void Signals::wait() {
  descriptor_.async_read_some(transport::asio::buffer(&signal_, sizeof signal_),
                              [this](const transport::error_code& error, std::size_t) {
                                if (error) return;
                                handler_(static_cast<int>(signal_.ssi_signo));
                                wait();
                              });
}

}  // namespace postern::server
