#pragma once
// A connection that is closed when its time is up, for conversations that need no more than that.

#include "transport/stream.hpp"
#include "transport/timeouts.hpp"

namespace postern::transport {

class TimedStream final : public Timed {
 public:
  explicit TimedStream(Stream taken) : stream(std::move(taken)) {}

  void on_deadline(DeadlineKind) override { stream.close(); }
  void on_drain() override {}
  void on_cut(Cut) override { stream.close(); }

  Stream stream;
};

}  // namespace postern::transport
