// An accepted target has the segments that the slow, obvious reading finds: decode all of the path, then
// split it.

#include "route/target.hpp"

#include <string>
#include <vector>

#include "require.hpp"

using namespace postern;
using fuzz::require;

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string unquoted(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' && i + 2 < path.size() && hex_value(path[i + 1]) >= 0 && hex_value(path[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]));
      i += 2;
    } else {
      out += path[i];
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto raw = fuzz::text_of(data, size);
  route::Target target;
  const auto fault = target.parse(raw);
  if (fault != route::TargetFault::none) {
    require(!route::text_of(fault).empty(), "a refusal has a reason");
    require(target.segments().empty() && target.origin_form().empty(), "a refused target has no meaning");
    return 0;
  }
  const auto origin = target.origin_form();
  require(origin.starts_with('/'), "origin-form begins with a slash");
  require(origin.find('#') == std::string_view::npos, "no fragment is sent");
  const std::string path = unquoted(origin.substr(0, origin.find('?')));

  std::vector<std::string> expected;
  std::size_t at = 1;
  while (at < path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    expected.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  require(target.segments().size() == expected.size(), "as many segments");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    require(target.segments()[i] == expected[i], "the same segments");
    require(expected[i] != "." && expected[i] != ".." && !expected[i].empty(), "no dot or empty segment");
    require(expected[i].find('\\') == std::string::npos, "no backslash");
  }
  return 0;
}
