#pragma once
// The log: one JSON object a line (or text for people) on standard output, written by a thread of its own, so
// that a reader who does not read (a full pipe) holds up nothing else: what has no room is dropped and
// counted.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "observe/record_queue.hpp"

namespace postern::observe {

enum class Level : std::uint8_t { debug, info, warn, error, off };
enum class Format : std::uint8_t { json, text };

// Writes a line as it will stand in the log, without the newline, and returns its size; 0: the room is too
// small. Times are UTC (RFC 3339). Bytes that are not printable ASCII are escaped, so that no request can
// forge a line.
std::size_t write_access(std::span<char> room, const AccessRecord& record, Format format) noexcept;
// The room that it may take, in bytes.
std::size_t longest_line(const AccessRecord& record) noexcept;

using Details = std::initializer_list<std::pair<std::string_view, std::string_view>>;
std::string format_event(std::int64_t unix_microseconds, Level level, std::string_view message,
                         Details details, Format format);

class Log {
 public:
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

  // Whether access records are wanted at all (level info or finer).
  [[nodiscard]] bool wants_access() const noexcept;
  // Tells the log thread that a queue has something; cheap when it is awake.
  void wake() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread's too
  std::thread thread_;
  bool stopped_ = false;
};

}  // namespace postern::observe
