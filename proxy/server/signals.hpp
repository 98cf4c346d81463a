#pragma once
// SIGTERM, SIGINT and SIGHUP as input of the event loop.

#include <sys/signalfd.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>

#include "transport/asio.hpp"

namespace postern::server {

class Signals {
 public:
  using Handler = std::function<void(int number)>;

  explicit Signals(const transport::Executor& executor) : descriptor_(executor) {}

  // From now on `handler` gets each signal, on the executor's thread. To be called before further threads
  // start. False: the system does not allow it, errno says why.
  bool watch(Handler handler);

 private:
  void wait();

  transport::asio::posix::basic_stream_descriptor<transport::Executor> descriptor_;
  signalfd_siginfo signal_{};
  Handler handler_;
};

}  // namespace postern::server
