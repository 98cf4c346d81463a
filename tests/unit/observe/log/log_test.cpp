#include "observe/log/log.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace postern::observe;

namespace {

AccessRecord record_of(std::string_view verdict, Level level) {
  AccessRecord record;
  record.verdict = verdict;
  record.level = level;
  record.request_id = "r-1";
  record.reason = "expired";
  return record;
}

}  // namespace

TEST_CASE("the level decides which records are pushed, and refusals are kept for the page besides") {
  struct Row {
    Level least;
    bool keeps;
    AccessRecord record;
    bool wanted;
  };
  const Row rows[] = {
      {Level::info, false, record_of("forward", Level::info), true},
      {Level::warn, false, record_of("forward", Level::info), false},
      {Level::warn, false, record_of("forward", Level::warn), true},
      {Level::warn, false, record_of("refuse", Level::info), false},
      {Level::warn, true, record_of("refuse", Level::info), true},
      {Level::off, true, record_of("refuse", Level::info), true},
      {Level::off, true, record_of("forward", Level::warn), false},
  };
  for (const Row& row : rows) {
    Log log(row.least, Format::json);
    if (row.keeps) log.keep_refusals();
    CHECK(log.wants(row.record) == row.wanted);
  }
}

TEST_CASE("the last refusals are kept though nothing is written") {
  Log log(Level::off, Format::json);
  log.keep_refusals();
  RecordQueue& queue = log.add_queue();
  log.start();
  queue.push(record_of("refuse", Level::info));
  queue.push(record_of("forward", Level::warn));
  log.wake();
  log.stop();
  const auto refusals = log.recent_refusals();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].request_id == "r-1");
}

TEST_CASE("dropped records are counted for good") {
  Log log(Level::off, Format::json);
  RecordQueue& queue = log.add_queue();
  const std::string path(2000, 'a');
  AccessRecord record = record_of("forward", Level::info);
  record.path = path;
  for (int i = 0; i < 1000; ++i) queue.push(record);
  const std::uint64_t dropped = log.lines_dropped();
  CHECK(dropped > 0);
  log.start();
  log.stop();
  CHECK(log.lines_dropped() == dropped);
}
