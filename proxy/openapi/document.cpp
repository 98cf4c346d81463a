#include "openapi/document.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <utility>

namespace postern::openapi {
namespace {

namespace json = boost::json;

struct Method {
  std::string_view key, name;
};
constexpr std::array<Method, 8> methods = {{{"get", "GET"},
                                            {"put", "PUT"},
                                            {"post", "POST"},
                                            {"delete", "DELETE"},
                                            {"options", "OPTIONS"},
                                            {"head", "HEAD"},
                                            {"patch", "PATCH"},
                                            {"trace", "TRACE"}}};

const json::object* object_in(const json::object& parent, std::string_view key) {
  const json::value* const value = parent.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string_view string_in(const json::object& parent, std::string_view key) {
  const json::value* const value = parent.if_contains(key);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(*text);
}

// "{version}" becomes the default of the server's variable of that name.
std::string with_defaults(std::string_view url, const json::object& server) {
  const json::object* const variables = object_in(server, "variables");
  std::string out(url);
  for (std::size_t begin = 0; variables != nullptr && (begin = out.find('{', begin)) != out.npos; ++begin) {
    const std::size_t end = out.find('}', begin);
    if (end == out.npos) break;
    const json::object* const variable = object_in(*variables, out.substr(begin + 1, end - begin - 1));
    if (variable != nullptr) out.replace(begin, end - begin + 1, string_in(*variable, "default"));
  }
  return out;
}

// The path of a server's URL without a slash at its end: "" for "https://api.test/", "/v1" for "/v1/".
std::string server_path(const json::object& server) {
  const std::string url = with_defaults(string_in(server, "url"), server);
  std::string_view path = url;
  if (const std::size_t scheme = path.find("://"); scheme != path.npos) {
    const std::size_t slash = path.find('/', scheme + 3);
    path = slash == path.npos ? std::string_view{} : path.substr(slash);
  }
  path = path.substr(0, path.find_first_of("?#"));
  while (path.starts_with("./")) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() || path == "." ? "" : (path.starts_with('/') ? "" : "/") + std::string(path);
}

// The different paths of the innermost `servers` that are given.
std::vector<std::string> server_paths(std::initializer_list<const json::object*> inner_to_outer) {
  for (const json::object* const parent : inner_to_outer) {
    const json::value* const servers = parent->if_contains("servers");
    const json::array* const list = servers == nullptr ? nullptr : servers->if_array();
    if (list == nullptr || list->empty()) continue;
    std::vector<std::string> paths;
    for (const json::value& server : *list) {
      if (!server.is_object()) continue;
      std::string path = server_path(server.get_object());
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(std::move(path));
    }
    if (!paths.empty()) return paths;
  }
  return {""};
}

PathSegment segment_of(std::string_view text) {
  const bool whole = text.size() > 2 && text.starts_with('{') && text.find('}') == text.size() - 1;
  if (whole) return {PathSegment::Kind::parameter, std::string(text.substr(1, text.size() - 2))};
  const std::size_t open = text.find('{');
  const bool mixed = open != text.npos && text.find('}', open) != text.npos;
  return {mixed ? PathSegment::Kind::mixed : PathSegment::Kind::literal, std::string(text)};
}

void split_path(Operation& operation) {
  std::string_view rest = operation.path;
  operation.reachable = rest.starts_with('/') && rest.find_first_of("?#\\") == rest.npos;
  if (!rest.empty()) rest.remove_prefix(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view text = rest.substr(0, end);
    if (text.empty() || text == "." || text == "..") operation.reachable = false;
    operation.segments.push_back(segment_of(text));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

// [{"a": []}, {"b": [], "c": []}] as "a or b and c".
std::string security_text(const json::object& operation, const json::object& document) {
  const json::value* value = operation.if_contains("security");
  if (value == nullptr) value = document.if_contains("security");
  const json::array* const list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return {};
  std::string text;
  for (const json::value& choice : *list) {
    if (!choice.is_object()) continue;
    text += text.empty() ? "" : " or ";
    std::string names;
    for (const auto& scheme : choice.get_object()) {
      names += names.empty() ? "" : " and ";
      names += std::string_view(scheme.key());
    }
    text += names.empty() ? "none" : names;
  }
  return text.empty() ? "none" : text;
}

void read_path(std::string_view path, const json::object& item, const json::object& document,
               std::vector<Operation>& operations) {
  for (const Method& method : methods) {
    const json::object* const found = object_in(item, method.key);
    if (found == nullptr) continue;
    for (const std::string& server : server_paths({found, &item, &document})) {
      Operation operation;
      operation.method = method.name;
      operation.path = server + std::string(path);
      operation.has_body = found->contains("requestBody");
      operation.security = security_text(*found, document);
      split_path(operation);
      operations.push_back(std::move(operation));
    }
  }
}

bool is_supported(std::string_view version) {
  return version.starts_with("3.0.") || version.starts_with("3.1.") || version == "3.0" || version == "3.1";
}

}  // namespace

std::variant<std::vector<Operation>, std::string> read_document(std::string_view text) {
  if (text.size() > max_document_bytes) return "the document is larger than 8 MiB";
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  json::parse_options options;
  options.max_depth = max_document_depth;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error, {}, options);
  if (error) return "the document is no JSON: " + error.message();
  const json::object* const document = parsed.if_object();
  if (document == nullptr || !is_supported(string_in(*document, "openapi")))
    return "the document is no OpenAPI 3.0 or 3.1 document";
  std::vector<Operation> operations;
  const json::object* const paths = object_in(*document, "paths");
  if (paths == nullptr) return operations;
  for (const auto& path : *paths) {
    if (path.value().is_object()) read_path(path.key(), path.value().get_object(), *document, operations);
    if (operations.size() > max_operations) return "the document has too many operations";
  }
  return operations;
}

std::vector<std::string_view> names_in(const PathSegment& segment) {
  if (segment.kind == PathSegment::Kind::parameter) return {segment.text};
  std::vector<std::string_view> names;
  if (segment.kind == PathSegment::Kind::literal) return names;
  std::string_view rest = segment.text;
  for (std::size_t open; (open = rest.find('{')) != rest.npos;) {
    const std::size_t end = rest.find('}', open);
    if (end == rest.npos) break;
    names.push_back(rest.substr(open + 1, end - open - 1));
    rest.remove_prefix(end + 1);
  }
  return names;
}

}  // namespace postern::openapi
