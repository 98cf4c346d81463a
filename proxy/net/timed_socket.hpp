#pragma once
// A socket that is closed when its time is up, for conversations that need no more than that.

#include "net/deadline.hpp"

namespace postern::net {

class TimedSocket final : public Timed {
 public:
  explicit TimedSocket(Socket taken) : socket(std::move(taken)) {}

  void on_deadline(Phase) override {
    error_code ignored;
    socket.close(ignored);
  }
  void on_drain() override {}

  Socket socket;
};

}  // namespace postern::net
