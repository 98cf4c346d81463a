#include "observe/log/access_record.hpp"

#include <doctest/doctest.h>

using namespace postern::observe;

TEST_CASE("a record outlives the bytes of its request once it owns its texts") {
  std::string bytes = "id trace GET /path";
  AccessRecord record;
  record.request_id = std::string_view(bytes).substr(0, 2);
  record.trace_id = std::string_view(bytes).substr(3, 5);
  record.method = std::string_view(bytes).substr(9, 3);
  record.path = std::string_view(bytes).substr(13);
  record.reason = "ok";
  std::string storage = "what was there before";
  own_request_texts(record, storage);
  bytes.assign(bytes.size(), '?');
  CHECK(record.request_id == "id");
  CHECK(record.trace_id == "trace");
  CHECK(record.method == "GET");
  CHECK(record.path == "/path");
  CHECK(record.reason == "ok");
  CHECK(storage == "idtraceGET/path");
}

TEST_CASE("a record without texts owns none") {
  AccessRecord record;
  std::string storage;
  own_request_texts(record, storage);
  CHECK(storage.empty());
  CHECK(record.path.empty());
}
