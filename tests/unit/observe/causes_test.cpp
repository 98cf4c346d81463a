#include "observe/causes.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "observe/metrics/refusal_reasons.hpp"

using namespace postern::observe;

namespace {

std::string file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

// Without quotes and the marks of Markdown's code and escapes.
std::string plain(const std::string& markdown) {
  std::string out;
  for (const char c : markdown) {
    if (c != '`' && c != '\\' && c != '\'') out += c;
  }
  return out;
}

}  // namespace

TEST_CASE("every reason for a refusal has a cause with a remedy") {
  for (const RefusalReason& reason : refusal_reasons) {
    CAPTURE(reason.name);
    const CauseText& text = text_of(general_cause(reason.name));
    CHECK_FALSE(text.remedy.empty());
    // What is wrong with the head's syntax has one cause in common.
    if (text.cause == Cause::malformed_head) CHECK(reason.kind == ReasonKind::request);
  }
  CHECK(general_cause("expired") == Cause::expired);
  CHECK(general_cause("content too large") == Cause::oversized_body);
  CHECK(general_cause("token revoked while streaming") == Cause::revoked);
}

TEST_CASE("the causes' texts are sentences, each of its own") {
  std::set<std::string_view> texts;
  for (const CauseText& cause : all_causes()) {
    CAPTURE(cause.text);
    CHECK(texts.insert(cause.text).second);
    CHECK_FALSE(cause.text.ends_with('.'));
    CHECK(cause.text.find('\n') == std::string_view::npos);
    CHECK((cause.remedy.ends_with('.') || cause.remedy.ends_with(").")));
    CHECK(cause.remedy.find('\n') == std::string_view::npos);
  }
}

TEST_CASE("a cause names a reason that the log knows") {
  for (const CauseText& cause : all_causes()) {
    if (cause.reason.empty() || cause.reason.find("upstream") != std::string_view::npos) continue;
    CAPTURE(cause.reason);
    CHECK(reason_index(cause.reason) != other_reason);
  }
}

TEST_CASE("the page of causes in the documentation says what the table says") {
  const std::string page = plain(file(POSTERN_TEST_DATA "/../deploy/docs/causes.md"));
  std::size_t rows = 0;
  for (const CauseText& cause : all_causes()) {
    std::string row = cause.reason.empty() ? "|" : "| " + plain(std::string(cause.reason)) + " |";
    row.append(" ")
        .append(plain(std::string(cause.text)))
        .append(" | ")
        .append(plain(std::string(cause.remedy)))
        .append(" |\n");
    CAPTURE(row);
    CHECK(page.find(row) != std::string::npos);
    ++rows;
  }
  std::size_t lines = 0;
  for (std::size_t at = page.find("\n| "); at != std::string::npos; at = page.find("\n| ", at + 1)) ++lines;
  CHECK(lines == rows + 1);  // and the table's head
}
