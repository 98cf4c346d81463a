#include "observe/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace postern::observe {
namespace {

// While requests flow the thread looks again this soon, so that workers need not wake it for each of them.
constexpr std::chrono::milliseconds gathering{10};

// Lines go out together up to this size.
constexpr std::size_t batch_bytes = 32768;

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

}  // namespace

struct Log::State {
  State(Level least, Format chosen)
      : level(least), format(chosen), logger("postern", std::make_shared<spdlog::sinks::stdout_sink_mt>()) {
    logger.set_pattern("%v");
    logger.set_level(spdlog_level(least));
    // A log that cannot be written (a closed pipe, a full disk) must not end the gate.
    logger.set_error_handler([](const std::string&) {});
  }

  bool drain() {
    bool any = false;
    AccessRecord record;
    for (RecordQueue& queue : queues) {
      while (queue.pop(record, storage)) {
        add_line(record);
        any = true;
      }
      write_lines();
      if (const auto dropped = queue.take_dropped(); dropped != 0) {
        logger.warn(format_event(now_microseconds(), Level::warn, "access records dropped",
                                 {{"count", std::to_string(dropped)}}, format));
      }
    }
    if (any) logger.flush();
    return any;
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
    if (used != 0) logger.info(std::string_view(lines.data(), used));
    used = 0;
  }

  void run() {
    while (true) {
      const bool ending = stop.load(std::memory_order_acquire);
      if (drain()) {
        if (!ending) std::this_thread::sleep_for(gathering);
        continue;
      }
      if (ending) return;
      // Announce the sleep, look once more, then wait. Announcing and waking both read and write `asleep` in
      // one step, so one comes after the other: either what was pushed is seen here, or it wakes us.
      asleep.exchange(true, std::memory_order_acq_rel);
      if (drain() || stop.load(std::memory_order_acquire)) {
        asleep.exchange(false, std::memory_order_acq_rel);
        continue;
      }
      asleep.wait(true, std::memory_order_acquire);
    }
  }

  Level level;
  Format format;
  spdlog::logger logger;
  std::deque<RecordQueue> queues;
  std::vector<char> lines = std::vector<char>(batch_bytes);  // formatted and not yet written
  std::size_t used = 0;                                      // of `lines`
  std::string storage;                                       // of the record at hand
  std::atomic<bool> stop{false};
  std::atomic<bool> asleep{false};
  std::thread thread;
};

Log::Log(Level level, Format format) : state_(std::make_unique<State>(level, format)) {}

Log::~Log() {
  stop();
}

void Log::stop() {
  if (!state_->thread.joinable()) return;
  state_->stop.store(true, std::memory_order_release);
  wake();
  state_->thread.join();
}

void Log::event(Level level, std::string_view message, Details details) {
  if (level < state_->level) return;
  state_->logger.log(spdlog_level(level),
                     format_event(now_microseconds(), level, message, details, state_->format));
  state_->logger.flush();
}

RecordQueue& Log::add_queue() {
  return state_->queues.emplace_back();
}

void Log::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

bool Log::wants_access() const noexcept {
  return state_->level <= Level::info;
}

void Log::wake() noexcept {
  if (state_->asleep.exchange(false, std::memory_order_acq_rel)) state_->asleep.notify_one();
}

}  // namespace postern::observe
