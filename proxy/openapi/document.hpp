#pragma once
// The operations of a service as its OpenAPI document (3.0 or 3.1) tells them. The document is read for what
// a request looks like; its `security` is shown and never trusted, since nothing makes a service keep it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postern::openapi {

inline constexpr std::size_t max_document_bytes = 8U << 20;
inline constexpr std::size_t max_document_depth = 64;
inline constexpr std::size_t max_operations = 20'000;

// One segment of an operation's path.
struct PathSegment {
  enum class Kind : std::uint8_t {
    literal,    // text is what it is
    parameter,  // {text}
    mixed,      // "{name}.json": a parameter is a part of it; text is the whole
  };
  Kind kind = Kind::literal;
  std::string text;
};

struct Operation {
  std::string method;  // in capitals
  std::string path;    // with the path of the document's server before it, e.g. "/v1/users/{user_id}"
  std::vector<PathSegment> segments;  // one trailing slash is ignored, as in targets
  bool reachable =
      true;  // false: no request-target that the gate lets through has this path ("/a//b", "/a?b")
  bool has_body = false;
  std::string security;  // as the document says it: names of schemes; "none"; empty: it says nothing
};

// The operations in the document's order, or why it is none: too large, no JSON, no OpenAPI 3.0 or 3.1
// document, too many operations. A path stands once for each different path of the servers that apply to it
// (of the operation, the path or the document); a server's variables have their defaults.
std::variant<std::vector<Operation>, std::string> read_document(std::string_view text);

// The names of the parameters in a segment, one for a parameter, any number for a mixed one.
std::vector<std::string_view> names_in(const PathSegment& segment);

}  // namespace postern::openapi
