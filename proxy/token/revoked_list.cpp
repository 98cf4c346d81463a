#include "token/revoked_list.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>
#include <utility>

namespace postern::token {
namespace {

// Visible ASCII: what a line can name, and what a uid is made of.
bool is_word(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

bool is_number(std::string_view text, std::int64_t& value) noexcept {
  if (text.empty() || text.front() == '-') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::variant<RevokedList, std::string> RevokedList::parse(std::string text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) return "is over 4 GiB";
  if (!text.empty() && !text.ends_with('\n')) return "the last line has no newline";
  RevokedList list;
  list.text_ = std::move(text);
  std::size_t number = 0;
  for (std::size_t at = 0; at < list.text_.size();) {
    if (++number > max_lines) return "has over 1000000 lines";
    const std::size_t end = list.text_.find('\n', at);
    if (!list.add_line(at, end - at)) {
      return "line " + std::to_string(number) +
             " is none of: sub NAME before SECONDS, jti ID, sid ID, # comment";
    }
    at = end + 1;
  }
  list.sort();
  return list;
}

bool RevokedList::add_line(std::size_t at, std::size_t size) {
  const std::string_view line = std::string_view(text_).substr(at, size);
  if (line.empty() || line.starts_with('#')) return true;
  if (line.size() > max_line || line.size() < 5 || line[3] != ' ') return false;
  const std::string_view what = line.substr(0, 3);
  std::string_view name = line.substr(4);
  const auto slice = [at](std::string_view word) {
    return Slice{static_cast<std::uint32_t>(at + 4), static_cast<std::uint32_t>(word.size())};
  };
  if (what == "jti" || what == "sid") {
    if (!is_word(name)) return false;
    (what == "jti" ? tokens_ : sessions_).push_back(slice(name));
    return true;
  }
  constexpr std::string_view before = " before ";
  const std::size_t end = name.find(' ');
  if (what != "sub" || end == std::string_view::npos || name.substr(end, before.size()) != before)
    return false;
  User user;
  if (!is_number(name.substr(end + before.size()), user.before)) return false;
  name = name.substr(0, end);
  if (!is_word(name)) return false;
  user.name = slice(name);
  users_.push_back(user);
  return true;
}

void RevokedList::sort() {
  const auto by_name = [this](Slice a, Slice b) { return text_of(a) < text_of(b); };
  std::ranges::sort(tokens_, by_name);
  std::ranges::sort(sessions_, by_name);
  std::ranges::sort(users_, [this](const User& a, const User& b) {
    const int order = text_of(a.name).compare(text_of(b.name));
    return order != 0 ? order < 0 : a.before > b.before;
  });
}

bool RevokedList::holds(const std::vector<Slice>& sorted, std::string_view name) const noexcept {
  if (name.empty()) return false;
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), name,
                                      [this](Slice a, std::string_view b) { return text_of(a) < b; });
  return found != sorted.end() && text_of(*found) == name;
}

bool RevokedList::is_before(std::string_view user, const Revocable& token) const noexcept {
  const auto found =
      std::lower_bound(users_.begin(), users_.end(), user,
                       [this](const User& a, std::string_view b) { return text_of(a.name) < b; });
  if (found == users_.end() || text_of(found->name) != user) return false;
  return !token.issued_at || *token.issued_at < found->before;
}

bool RevokedList::revokes(std::string_view uid, const Revocable& token) const noexcept {
  return holds(tokens_, token.jti) || holds(sessions_, token.sid) || is_before(uid, token) ||
         is_before(token.sub, token);
}

}  // namespace postern::token
