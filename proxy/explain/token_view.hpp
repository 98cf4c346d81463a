#pragma once
// What a token says, read leniently and never verified: for telling a person what is wrong with it.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::explain {

struct TokenView {
  std::vector<std::string_view> parts;  // between the dots, views into the token
  std::string_view signing_input;       // the first two with their dot; empty: fewer than three
  std::optional<boost::json::object> header, payload;  // nothing: no such part, or no JSON object
  std::string signature;                               // decoded
};

// Padding and the other alphabet of base64 are read too, and of members with one name the last.
TokenView view_token(std::string_view token);

// A member's value; null: absent.
const boost::json::value* member(const std::optional<boost::json::object>& object, std::string_view name);
std::optional<std::string_view> text_of(const boost::json::value* value);
// Of a number, as whole seconds where it is a time; clamped.
std::optional<std::int64_t> seconds_of(const boost::json::value* value);

// For a message: "absent", or its JSON, escaped and cut.
std::string shown(const boost::json::value* value);

}  // namespace postern::explain
