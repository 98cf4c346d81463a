#pragma once
// The log: one JSON object a line (or text for people) on standard output, written by a thread of its own, so
// that a reader who does not read (a full pipe) holds up nothing else: what has no room is dropped and
// counted.

#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "observe/log/format.hpp"
#include "observe/log/recent_refusals.hpp"
#include "observe/log/record_queue.hpp"

namespace postern::observe {

class Log {
 public:
  // Text is coloured where standard output is a terminal and NO_COLOR is not set.
  Log(Level level, Format format);
  ~Log();  // stops
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // An event of the process; any thread, never on the request path. Never waits for the reader.
  void event(Level level, std::string_view message, Details details = {});

  // A queue for one worker; call before start(). Owned by the log.
  RecordQueue& add_queue();
  void start();
  // Writes what is queued and ends the thread; no queue may be pushed to any more. A reader who does not
  // read has two seconds; then what is left is lost, and the thread ends with the process. What is logged
  // afterwards is lost too.
  void stop();

  // Refusals are kept from now on, whatever the level, for the status page; call before start().
  void keep_refusals() noexcept;
  // The last ones, newest first; any thread, off the request path.
  [[nodiscard]] std::vector<Refusal> recent_refusals() const;
  // Lines that were dropped because nobody read the log; any thread, off the request path.
  [[nodiscard]] std::uint64_t lines_dropped() const;

  // Whether this record is to be pushed.
  [[nodiscard]] bool wants(const AccessRecord& record) const noexcept;
  // Tells the log thread that a queue has something; cheap when it is awake.
  void wake() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread's too
  std::thread thread_;
  bool stopped_ = false;
};

}  // namespace postern::observe
