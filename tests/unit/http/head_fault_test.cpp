#include "http/head_fault.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string_view>

using namespace postern::http;

TEST_CASE("every fault of a head has its answer and a text of its own for the log") {
  using enum HeadFault;
  const struct {
    HeadFault fault;
    unsigned status;
  } cases[] = {
      {malformed_request_line, 400},
      {malformed_status_line, 400},
      {unsupported_version, 505},
      {request_line_too_long, 414},
      {head_too_large, 431},
      {bare_line_feed, 400},
      {bare_carriage_return, 400},
      {control_character, 400},
      {malformed_field_name, 400},
      {white_space_before_colon, 400},
      {obsolete_line_folding, 400},
      {missing_host, 400},
      {duplicate_host, 400},
      {malformed_host, 400},
      {malformed_content_length, 400},
      {duplicate_content_length, 400},
      {malformed_transfer_encoding, 400},
      {conflicting_framing, 400},
      {underscored_framing, 400},
      {unexpected_framing, 400},
      {malformed_connection, 400},
      {malformed_upgrade, 400},
      {refused_method, 405},
      {readings_differ, 400},
  };
  std::set<std::string_view> texts;
  for (const auto& test : cases) {
    CAPTURE(text_of(test.fault));
    CHECK(status_of(test.fault) == test.status);
    CHECK_FALSE(text_of(test.fault).empty());
    CHECK_MESSAGE(texts.insert(text_of(test.fault)).second, "a text that another fault has");
  }
  CHECK(status_of(none) == 0);
  CHECK(text_of(none).empty());
}
