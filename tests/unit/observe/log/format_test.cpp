#include "observe/log/format.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace postern::observe;

namespace {

AccessRecord sample() {
  AccessRecord record;
  record.unix_microseconds = 1'767'225'600'123'456;
  record.request_id = "r1";
  record.peer = "192.0.2.7";
  record.method = "GET";
  record.path = "/api/alice/tasks";
  record.rule = "/api/{user_id}/**";
  record.verdict = "forward";
  record.reason = "ok";
  record.uid = "alice";
  record.status = 200;
  record.bytes_in = 3;
  record.bytes_out = 225;
  record.total_microseconds = 1234;
  record.upstream_microseconds = 56;
  return record;
}

std::string line_of(const AccessRecord& record, Format format) {
  std::string line(longest_line(record), '\0');
  line.resize(write_access(line, record, format));
  return line;
}

}  // namespace

TEST_CASE("an access record is one JSON object with every field of the contract") {
  CHECK(
      line_of(sample(), Format::json) ==
      R"({"time":"2026-01-01T00:00:00.123Z","level":"info","msg":"request","request_id":"r1","peer":"192.0.2.7",)"
      R"("method":"GET","path":"/api/alice/tasks","rule":"/api/{user_id}/**","verdict":"forward","reason":"ok",)"
      R"("uid":"alice","status":200,"bytes_in":3,"bytes_out":225,"total_ms":1.234,"upstream_ms":0.056})");
}

TEST_CASE("rule and uid are left out when there is none") {
  AccessRecord record = sample();
  record.rule = {};
  record.uid = {};
  const std::string line = line_of(record, Format::json);
  CHECK(line.find("\"rule\"") == std::string::npos);
  CHECK(line.find("\"uid\"") == std::string::npos);
}

TEST_CASE("bytes of a request never forge a line or a member") {
  struct Row {
    std::string_view path;
    std::string_view expected;
    std::string_view why;
  };
  const Row rows[] = {
      {"/a\"b", R"("path":"/a\"b")", "a quote would end the string"},
      {"/a\\b", R"("path":"/a\\b")", "a backslash would begin an escape"},
      {"/a\nb\r", R"("path":"/a\u000ab\u000d")", "a line feed would begin another line"},
      {"/\x7f\x1b[2J", R"("path":"/\u007f\u001b[2J")", "terminals act on escapes"},
      {"/\xc3\xa9", R"("path":"/\u00c3\u00a9")", "bytes that may not be UTF-8 are shown one by one"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    AccessRecord record = sample();
    record.path = row.path;
    for (const Format format : {Format::json, Format::text}) {
      const std::string line = line_of(record, format);
      CHECK(line.find('\n') == std::string::npos);
      if (format == Format::json) CHECK(line.find(row.expected) != std::string::npos);
    }
  }
}

TEST_CASE("the text format says the same for people, in columns") {
  CHECK(line_of(sample(), Format::text) ==
        "2026-01-01T00:00:00.123Z info  200 forward  GET          1.234ms /api/alice/tasks uid=alice "
        "rule=/api/{user_id}/** peer=192.0.2.7 id=r1");
  AccessRecord failed = sample();
  failed.level = Level::warn;
  failed.status = 502;
  failed.reason = "upstream unreachable";
  failed.upstream = "127.0.0.1:8000";
  failed.problem = "Connection refused";
  failed.total_microseconds = 1'234'567;
  failed.trace_id = "0af7651916cd43dd8448eb211c80319c";
  failed.sampled = 0.1F;
  CHECK(line_of(failed, Format::text) ==
        "2026-01-01T00:00:00.123Z warn  502 forward  GET       1234.567ms /api/alice/tasks (upstream "
        "unreachable) "
        "uid=alice rule=/api/{user_id}/** upstream=127.0.0.1:8000 problem=Connection refused peer=192.0.2.7 "
        "id=r1 "
        "trace=0af7651916cd43dd8448eb211c80319c sampled=0.1");
  failed.status = 0;
  failed.path = {};
  CHECK(line_of(failed, Format::text).find(" --- forward  GET       1234.567ms - (") != std::string::npos);
}

TEST_CASE("colours are escapes around the same text") {
  AccessRecord record = sample();
  for (const unsigned status : {0U, 101U, 200U, 304U, 404U, 502U}) {
    record.status = status;
    const std::string colored = line_of(record, Format::colored_text);
    std::string without;
    for (std::size_t at = 0; at < colored.size(); ++at) {
      if (colored[at] == '\x1b') {
        at = colored.find('m', at);
      } else {
        without += colored[at];
      }
    }
    CHECK(without == line_of(record, Format::text));
    CHECK(colored.size() > without.size());
  }
  CHECK(format_event(0, Level::warn, "draining", {}, Format::colored_text).find("\x1b[33mwarn") !=
        std::string::npos);
}

TEST_CASE("a failure of the upstream says where and why, a trace and a sample are named") {
  AccessRecord record = sample();
  record.level = Level::warn;
  record.upstream = "127.0.0.1:8000";
  record.problem = "Connection \"refused\"";
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.sampled = 0.25F;
  const std::string line = line_of(record, Format::json);
  for (const std::string_view expected :
       {R"("level":"warn")", R"("upstream":"127.0.0.1:8000","problem":"Connection \"refused\"")",
        R"("trace_id":"0af7651916cd43dd8448eb211c80319c")", R"(,"sampled":0.25})"}) {
    CAPTURE(expected);
    CHECK(line.find(expected) != std::string::npos);
  }
}

TEST_CASE("each line has the time of its own second, whatever came before") {
  AccessRecord record = sample();
  for (const std::int64_t seconds : {0, 1, 0, 59, 60, 1}) {
    record.unix_microseconds = 1'767'225'600'000'000 + seconds * 1'000'000 + 7'000;
    const std::string expected = seconds == 60  ? "01:00.007Z"
                                 : seconds < 10 ? "00:0" + std::to_string(seconds)
                                                : "00:" + std::to_string(seconds);
    CHECK(line_of(record, Format::text).starts_with("2026-01-01T00:" + expected));
  }
}

TEST_CASE("a line takes no more room than was asked for, whatever is in it") {
  AccessRecord record = sample();
  const std::string odd(2000, '\x01');
  record.request_id = record.peer = record.method = record.path = record.rule = record.verdict = odd;
  record.reason = record.uid = record.upstream = record.problem = record.trace_id = odd;
  record.sampled = 1.0F / 3;
  record.unix_microseconds = INT64_MAX / 2;
  record.status = UINT32_MAX;
  record.bytes_in = record.bytes_out = UINT64_MAX;
  record.total_microseconds = record.upstream_microseconds = UINT32_MAX;
  const std::size_t longest = longest_line(record);
  for (const Format format : {Format::json, Format::text, Format::colored_text}) {
    std::string room(longest, '\0');
    const std::size_t size = write_access(room, record, format);
    CHECK(size > 0);
    CHECK(size <= longest);
    CHECK(write_access(std::span(room).first(longest - 1), record, format) == 0);
  }
}
