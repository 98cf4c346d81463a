#include "observe/log/log.hpp"

#include <poll.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <system_error>
#include <vector>

namespace postern::observe {
namespace {

// While requests flow the thread looks again this soon, so that workers need not wake it for each of them.
constexpr std::chrono::milliseconds gathering{10};

// Lines go out together up to this size.
constexpr std::size_t batch_bytes = 32768;

// Far more events than a process has while its log is being read.
constexpr std::size_t most_events = 1024;

constexpr std::chrono::seconds last_words_within{2};

std::int64_t now_microseconds() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

// Standard output without stdio: exit() flushes what stdio holds, and would wait with a write that is stuck.
// Used by one thread.
class Output final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    std::string_view rest(text.data(), text.size());
    while (!rest.empty()) {
      const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (written >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN) {  // whoever started us reads and writes without blocking
        pollfd output{STDOUT_FILENO, POLLOUT, 0};
        ::poll(&output, 1, -1);
      } else if (errno != EINTR) {
        return;  // a log that cannot be written (a closed pipe, a full disk) must not end the gate
      }
    }
  }
  void flush_() override {}
};

Format for_output(Format format) {
  const bool colored =
      format == Format::text && ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return colored ? Format::colored_text : format;
}

struct Event {
  Level level;
  std::string line;
};

}  // namespace

struct Log::State {
  State(Level least, Format chosen)
      : level(least), format(for_output(chosen)), logger("postern", std::make_shared<Output>()) {
    logger.set_pattern("%v");
    logger.set_level(spdlog_level(least));
    logger.set_error_handler([](const std::string&) {});
  }

  void push(Event event) {
    const std::lock_guard lock(mutex);
    if (events.size() == most_events) {
      ++dropped_events;
      ++all_dropped_events;
    } else {
      events.push_back(std::move(event));
    }
  }

  // What is here now, however fast more comes: no queue and no event waits for another queue to be empty.
  // The events are taken first and written last, behind every record that was before them.
  bool drain() {
    std::vector<Event> batch;
    std::uint64_t dropped = 0;
    {
      const std::lock_guard lock(mutex);
      batch.swap(events);
      dropped = std::exchange(dropped_events, 0);
    }
    const bool any = write_records();
    for (const Event& event : batch) logger.log(spdlog_level(event.level), event.line);
    note_dropped("events dropped", dropped);
    return any || !batch.empty();
  }

  bool write_records() {
    bool any = false;
    AccessRecord record;
    for (RecordQueue& queue : queues) {
      for (auto left = queue.waiting(); left != 0 && queue.pop(record, storage); --left) {
        if (keeps_refusals && record.verdict == "refuse") refusals.add(record);
        if (record.level >= level) add_line(record);
        any = true;
      }
      write_lines();
      note_dropped("access records dropped", queue.take_dropped());
    }
    return any;
  }

  void note_dropped(std::string_view what, std::uint64_t count) {
    if (count == 0) return;
    logger.warn(
        format_event(now_microseconds(), Level::warn, what, {{"count", std::to_string(count)}}, format));
  }

  void add_line(const AccessRecord& record) {
    const std::size_t longest = longest_line(record) + 1;
    if (lines.size() - used < longest) write_lines();
    if (lines.size() < longest) lines.resize(longest);
    if (used != 0) lines[used++] = '\n';
    used += write_access(std::span(lines).subspan(used), record, format);
  }

  // The logger ends what it writes with a newline.
  void write_lines() {
    if (used != 0) logger.log(spdlog_level(level), std::string_view(lines.data(), used));
    used = 0;
  }

  void run() {
    while (true) {
      const bool ending = stop.load(std::memory_order_acquire);
      if (drain()) {
        if (!ending) std::this_thread::sleep_for(gathering);
        continue;
      }
      if (ending) break;
      // Announce the sleep, look once more, then wait. Announcing and waking both read and write `asleep` in
      // one step, so one comes after the other: either what was pushed is seen here, or it wakes us.
      asleep.exchange(true, std::memory_order_acq_rel);
      if (drain() || stop.load(std::memory_order_acquire)) {
        asleep.exchange(false, std::memory_order_acq_rel);
        continue;
      }
      asleep.wait(true, std::memory_order_acquire);
    }
    const std::lock_guard lock(mutex);
    ended = true;
    ended_changed.notify_all();
  }

  void wake() noexcept {
    if (asleep.exchange(false, std::memory_order_acq_rel)) asleep.notify_one();
  }

  Level level;
  Format format;
  spdlog::logger logger;
  std::deque<RecordQueue> queues;
  bool keeps_refusals = false;
  RecentRefusals refusals;
  std::vector<char> lines = std::vector<char>(batch_bytes);  // formatted and not yet written
  std::size_t used = 0;                                      // of `lines`
  std::string storage;                                       // of the record at hand
  std::atomic<bool> stop{false};
  std::atomic<bool> asleep{false};
  std::mutex mutex;  // of what follows; never held while writing
  std::vector<Event> events;
  std::uint64_t dropped_events = 0;  // since they were last reported
  std::uint64_t all_dropped_events = 0;
  bool ended = false;
  std::condition_variable ended_changed;
};

Log::Log(Level level, Format format) : state_(std::make_shared<State>(level, format)) {}

Log::~Log() {
  try {
    stop();
  } catch (const std::system_error&) {
    state_->drain();  // no thread could be had
  }
}

void Log::stop() {
  if (std::exchange(stopped_, true)) return;
  if (!thread_.joinable()) start();
  state_->stop.store(true, std::memory_order_release);
  state_->wake();
  std::unique_lock lock(state_->mutex);
  const bool ended =
      state_->ended_changed.wait_for(lock, last_words_within, [this] { return state_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void Log::event(Level level, std::string_view message, Details details) {
  if (level < state_->level) return;
  state_->push({level, format_event(now_microseconds(), level, message, details, state_->format)});
  state_->wake();
}

RecordQueue& Log::add_queue() {
  return state_->queues.emplace_back();
}

void Log::start() {
  thread_ = std::thread([state = state_] { state->run(); });
}

void Log::keep_refusals() noexcept {
  state_->keeps_refusals = true;
}

std::vector<Refusal> Log::recent_refusals() const {
  return state_->refusals.newest_first();
}

std::uint64_t Log::lines_dropped() const {
  std::uint64_t dropped = 0;
  for (const RecordQueue& queue : state_->queues) dropped += queue.dropped();
  const std::lock_guard lock(state_->mutex);
  return dropped + state_->all_dropped_events;
}

bool Log::wants(const AccessRecord& record) const noexcept {
  return record.level >= state_->level || (state_->keeps_refusals && record.verdict == "refuse");
}

void Log::wake() noexcept {
  state_->wake();
}

}  // namespace postern::observe
