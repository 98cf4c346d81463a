#pragma once
// The log: one JSON object a line (or text for people) on standard output. Access records are formatted and
// written by a thread of its own; events of the process, rare as they are, by whoever has one.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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

  // An event of the process; any thread, never on the request path.
  void event(Level level, std::string_view message, Details details = {});

  // A queue for one worker; call before start(). Owned by the log.
  RecordQueue& add_queue();
  void start();
  // Writes what is queued and ends the thread; no queue may be pushed to any more. Events can still be
  // logged.
  void stop();

  // Whether access records are wanted at all (level info or finer).
  [[nodiscard]] bool wants_access() const noexcept;
  // Tells the log thread that a queue has something; cheap when it is awake.
  void wake() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::observe
