#include "config/unknown_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "config/variables.hpp"

namespace postern::config {
namespace {

constexpr std::string_view prefix = "POSTERN_";

constexpr std::array<std::string_view, 5> better_auth_names = {
    "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRET_FILE", "BETTER_AUTH_SECRETS", "BETTER_AUTH_SECRETS_FILE",
    "BETTER_AUTH_URL"};

// Slips of the finger in such a name.
constexpr std::size_t most_slips = 2;
// A longer name is near to nothing.
constexpr std::size_t longest_name = 64;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// "80_TCP", "80_TCP_ADDR", "53_UDP_PORT".
bool is_port_of_link(std::string_view text) noexcept {
  const auto digits_end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view rest(digits_end, text.end());
  if (digits_end == text.begin()) return false;
  for (const std::string_view protocol : {"_TCP", "_UDP", "_SCTP"}) {
    if (rest == protocol) return true;
    if (rest.starts_with(protocol) && rest[protocol.size()] == '_') return true;
  }
  return false;
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

bool injected_by_kubernetes(std::string_view name, std::string_view value) noexcept {
  if (!name.starts_with(prefix)) return false;
  const std::string_view rest = name.substr(prefix.size());
  if (rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")) return true;
  if (rest.ends_with("_SERVICE_HOST") || rest.ends_with("_SERVICE_PORT")) return true;
  if (rest.find("_SERVICE_PORT_") != std::string_view::npos) return true;
  for (auto at = rest.find("_PORT_"); at != std::string_view::npos; at = rest.find("_PORT_", at + 1)) {
    if (is_port_of_link(rest.substr(at + 6))) return true;
  }
  return rest.ends_with("_PORT") && (value.starts_with("tcp://") || value.starts_with("udp://"));
}

std::string_view suggestion_for(std::string_view name) {
  const std::string meant = upper_case(name.substr(0, longest_name));
  // Whoever writes this means the one secret that there is.
  if (meant == "POSTERN_SECRET" || meant == "POSTERN_AUTH_SECRET") return better_auth_names.front();
  const std::string_view stem = std::string_view(meant).substr(std::min(prefix.size(), meant.size()));
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(1, stem.size() / 3) + 1;
  for (const VariableSpec& known : variables()) {
    // The same with a word more.
    if (meant.starts_with(known.name) && meant[known.name.size()] == '_') return known.name;
    const std::size_t away = distance(stem, known.name.substr(prefix.size()));
    if (away >= least) continue;
    least = away;
    nearest = known.name;
  }
  return nearest;
}

std::string_view misspelt_better_auth(std::string_view name) {
  if (name.size() > longest_name || !upper_case(name.substr(0, 4)).starts_with("BET")) return {};
  if (std::find(better_auth_names.begin(), better_auth_names.end(), name) != better_auth_names.end())
    return {};
  const std::string meant = upper_case(name);
  const auto near =
      std::find_if(better_auth_names.begin(), better_auth_names.end(),
                   [&](std::string_view known) { return distance(meant, known) <= most_slips; });
  return near == better_auth_names.end() ? std::string_view{} : *near;
}

}  // namespace postern::config
