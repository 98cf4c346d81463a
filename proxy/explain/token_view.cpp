#include "explain/token_view.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <limits>

#include "config/values/values.hpp"
#include "token/base64url.hpp"
#include "token/compact_jws.hpp"

namespace postern::explain {
namespace {

std::string decoded(std::string_view part) {
  while (part.ends_with('=')) part.remove_suffix(1);
  std::string text(part);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  std::string bytes(token::decoded_size(text.size()), '\0');
  const auto size = token::decode_base64url(text, bytes);
  bytes.resize(size.value_or(0));
  return bytes;
}

std::optional<boost::json::object> object_of(std::string_view part) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(decoded(part), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace

TokenView view_token(std::string_view token) {
  TokenView view;
  if (token.size() > token::max_token_bytes) return view;
  std::string_view rest = token;
  for (std::size_t dot = rest.find('.'); dot != rest.npos; dot = rest.find('.')) {
    view.parts.push_back(rest.substr(0, dot));
    rest.remove_prefix(dot + 1);
  }
  view.parts.push_back(rest);
  if (view.parts.size() < 3) return view;
  view.signing_input = token.substr(0, view.parts[0].size() + 1 + view.parts[1].size());
  view.header = object_of(view.parts[0]);
  view.payload = object_of(view.parts[1]);
  view.signature = decoded(view.parts[2]);
  return view;
}

const boost::json::value* member(const std::optional<boost::json::object>& object, std::string_view name) {
  return object ? object->if_contains(name) : nullptr;
}

std::optional<std::string_view> text_of(const boost::json::value* value) {
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

std::optional<std::int64_t> seconds_of(const boost::json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  constexpr double most = 9e18;
  const double number = std::clamp(std::floor(value->to_number<double>()), -most, most);
  return static_cast<std::int64_t>(number);
}

std::string shown(const boost::json::value* value) {
  if (value == nullptr) return "absent";
  if (const auto text = text_of(value)) return config::shown(*text);
  std::string json = config::shown(boost::json::serialize(*value));
  return json.substr(1, json.size() - 2);
}

}  // namespace postern::explain
