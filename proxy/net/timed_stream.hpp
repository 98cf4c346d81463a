#pragma once
// A connection that is closed when its time is up, for conversations that need no more than that.

#include "net/deadline.hpp"
#include "net/stream.hpp"

namespace postern::net {

class TimedStream final : public Timed {
 public:
  explicit TimedStream(Stream taken) : stream(std::move(taken)) {}

  void on_deadline(Phase) override { stream.close(); }
  void on_drain() override {}

  Stream stream;
};

}  // namespace postern::net
