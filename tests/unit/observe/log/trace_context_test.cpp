#include "observe/log/trace_context.hpp"

#include <doctest/doctest.h>

#include <string>

using postern::observe::trace_id_of;

TEST_CASE("the trace id of a valid traceparent, and of no other") {
  const std::string id = "0af7651916cd43dd8448eb211c80319c";
  const std::string usual = "00-" + id + "-b7ad6b7169203331-01";
  struct Row {
    std::string field;
    bool valid;
    std::string_view why;
  };
  const Row rows[] = {
      {usual, true, "W3C's own example"},
      {"00-" + id + "-b7ad6b7169203331-ff", true, "flags that nobody knows yet"},
      {"01-" + id + "-b7ad6b7169203331-01", true, "a later version"},
      {"cc-" + id + "-b7ad6b7169203331-01-what.the-future", true, "a later version with more behind it"},
      {"", false, "empty"},
      {id, false, "only an id"},
      {usual + "-00", false, "version 00 ends there"},
      {usual + " ", false, "a blank behind it"},
      {" " + usual, false, "a blank before it"},
      {"cc-" + id + "-b7ad6b7169203331-01.x", false, "more behind it without a dash"},
      {"ff-" + id + "-b7ad6b7169203331-01", false, "no such version"},
      {"0-" + id + "-b7ad6b7169203331-01", false, "a short version"},
      {"0x-" + id + "-b7ad6b7169203331-01", false, "no hex version"},
      {"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false, "upper case"},
      {"00-00000000000000000000000000000000-b7ad6b7169203331-01", false, "no trace"},
      {"00-" + id + "-0000000000000000-01", false, "no parent"},
      {"00-" + id + "-b7ad6b716920333g-01", false, "no hex parent"},
      {"00-" + id + "-b7ad6b7169203331-0z", false, "no hex flags"},
      {"00_" + id + "-b7ad6b7169203331-01", false, "another separator"},
      {"00-" + id + "-b7ad6b7169203331-0", false, "cut short"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(trace_id_of(row.field) == (row.valid ? std::string_view(id) : std::string_view()));
  }
}
