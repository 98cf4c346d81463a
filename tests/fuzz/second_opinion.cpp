#include "second_opinion.hpp"

#include <algorithm>
#include <optional>

#include "http/authority.hpp"

namespace postern::fuzz {
namespace {

using Strings = std::vector<std::string>;

Strings split(std::string text, const std::string& separator) {
  Strings parts;
  for (std::size_t at; (at = text.find(separator)) != text.npos; text.erase(0, at + separator.size())) {
    parts.push_back(text.substr(0, at));
  }
  parts.push_back(text);
  return parts;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

struct Head {
  std::string method, target, version;
  std::vector<std::pair<std::string, std::string>> fields;

  explicit Head(std::string text) {
    while (text.starts_with("\r\n")) text.erase(0, 2);
    const Strings lines = split(text.substr(0, text.find("\r\n\r\n")), "\r\n");
    const Strings words = split(lines[0], " ");
    method = words[0], target = words[1], version = words[2];
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const std::size_t colon = lines[i].find(':');
      fields.emplace_back(lower(lines[i].substr(0, colon)), trimmed(lines[i].substr(colon + 1)));
    }
  }

  [[nodiscard]] Strings all(const std::string& name) const {
    Strings values;
    for (const auto& [key, value] : fields) {
      if (key == name) values.push_back(value);
    }
    return values;
  }

  // The elements of a list field, over all of its lines.
  [[nodiscard]] Strings list(const std::string& name) const {
    Strings elements;
    for (const std::string& value : all(name)) {
      for (const std::string& element : split(value, ",")) elements.push_back(trimmed(element));
    }
    return elements;
  }

  [[nodiscard]] bool has_body() const {
    const Strings lengths = all("content-length");
    return !all("transfer-encoding").empty() ||
           (!lengths.empty() && lengths[0].find_first_not_of('0') != lengths[0].npos);
  }

  [[nodiscard]] bool asks_for_websocket() const {
    const Strings options = list("connection"), upgrades = all("upgrade");
    const bool named = std::any_of(options.begin(), options.end(),
                                   [](const std::string& option) { return lower(option) == "upgrade"; });
    return method == "GET" && version == "HTTP/1.1" && !has_body() && named && upgrades.size() == 1 &&
           lower(upgrades[0]) == "websocket";
  }
};

// UTF-8 without the controls above ASCII.
bool is_text(const std::string& bytes) {
  std::string again;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const unsigned more = first < 0x80   ? 0
                          : first < 0xC0 ? 9
                          : first < 0xE0 ? 1
                          : first < 0xF0 ? 2
                          : first < 0xF8 ? 3
                                         : 9;
    if (more > 3 || at + more >= bytes.size()) return false;
    std::uint32_t point = more == 0 ? first : first & (0x3FU >> more);
    for (unsigned i = 1; i <= more; ++i) {
      const auto next = static_cast<unsigned char>(bytes[at + i]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3FU);
    }
    at += more + 1;
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000) || (point >= 0x80 && point < 0xA0))
      return false;
    const unsigned needed = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    if (needed != more) return false;
  }
  return true;
}

std::optional<std::string> decoded(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    const std::string digits = text.substr(at + 1, 2);
    if (digits.size() != 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
      return std::nullopt;
    out += static_cast<char>(std::stoi(digits, nullptr, 16));
    at += 2;
  }
  return out;
}

bool any_of(const std::string& text, bool (*bad)(unsigned char)) {
  return std::any_of(text.begin(), text.end(), [bad](char c) { return bad(static_cast<unsigned char>(c)); });
}

// The decoded segments of a target with one meaning.
std::optional<Strings> segments_of(std::string target) {
  const std::string start = lower(target.substr(0, 8));
  if (start.starts_with("http://") || start.starts_with("https://")) {
    target.erase(0, target.find("//") + 2);
    const std::size_t end = std::min(target.find_first_of("/?#"), target.size());
    const std::string authority = target.substr(0, end);
    if (authority.empty() || !http::valid_authority(authority)) return std::nullopt;
    target.erase(0, end);
    if (!target.starts_with('/')) target.insert(0, "/");
  }
  if (!target.starts_with('/')) return std::nullopt;
  if (any_of(target, [](unsigned char c) { return c <= 0x20 || c >= 0x7F || c == '#'; })) return std::nullopt;
  std::string path = target.substr(0, target.find('?'));
  if (any_of(path, [](unsigned char c) { return c == '\\'; })) return std::nullopt;
  if (path.ends_with('/')) path.pop_back();
  Strings segments;
  if (path.empty()) return segments;
  for (const std::string& raw : split(path.substr(1), "/")) {
    const auto segment = decoded(raw);
    if (!segment || segment->empty() || *segment == "." || *segment == "..") return std::nullopt;
    if (any_of(*segment, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '/' || c == '\\'; }))
      return std::nullopt;
    segments.push_back(*segment);
  }
  std::string whole;
  for (const std::string& segment : segments) whole += "/" + segment;
  if (!is_text(whole)) return std::nullopt;
  return segments;
}

// How specific each segment of a rule is that matches, least first, and whose path it is; nothing if it does
// not match.
struct Fit {
  std::string rank;
  std::string user_id;
};
std::optional<Fit> fit(const KnownRule& rule, const Strings& segments) {
  Fit fit;
  const Strings wanted = split(rule.path.substr(1), "/");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "**") {
      fit.rank += '3';
      return fit;
    }
    if (i == segments.size()) return std::nullopt;
    if (wanted[i].starts_with('{')) {
      fit.rank += '1';
      if (wanted[i] == "{user_id}") fit.user_id = segments[i];
    } else if (wanted[i] == segments[i]) {
      fit.rank += '0';
    } else {
      return std::nullopt;
    }
  }
  fit.rank += '2';
  return wanted.size() == segments.size() ? std::optional(fit) : std::nullopt;
}

bool is_b64token(const std::string& text) {
  const std::string body = text.substr(0, text.find('='));
  return !body.empty() && text.find_first_not_of('=', body.size()) == text.npos &&
         body.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/") ==
             body.npos;
}

// The one token that the head carries; nothing if none, more than one, or none that is well-formed.
std::optional<std::string> token_of(const Head& head, const World& world) {
  const Strings authorizations = head.all("authorization");
  Strings offered;
  if (world.subprotocol_tokens && head.asks_for_websocket()) offered = head.list("sec-websocket-protocol");
  const auto is_bearer = [](const std::string& element) { return lower(element) == "bearer"; };
  const auto at = std::find_if(offered.begin(), offered.end(), is_bearer);
  if (authorizations.size() + (at != offered.end() ? 1 : 0) != 1) return std::nullopt;
  std::string token;
  if (authorizations.size() == 1) {
    if (lower(authorizations[0].substr(0, 7)) != "bearer ") return std::nullopt;
    token = authorizations[0].substr(7);
  } else {
    if (*at != "bearer" || at + 1 == offered.end() ||
        std::count_if(offered.begin(), offered.end(), is_bearer) != 1) {
      return std::nullopt;
    }
    token = at[1];
  }
  return is_b64token(token) ? std::optional(token) : std::nullopt;
}

bool offers_credentials(const Head& head, const World& world) {
  if (!head.all("authorization").empty()) return true;
  if (!world.subprotocol_tokens || !head.asks_for_websocket()) return false;
  const Strings offered = head.list("sec-websocket-protocol");
  return std::any_of(offered.begin(), offered.end(),
                     [](const std::string& element) { return lower(element) == "bearer"; });
}

// As the service will see it, without what Connection takes away.
bool is_preflight(const Head& head) {
  for (const std::string& option : head.list("connection")) {
    if (lower(option) == "origin" || lower(option) == "access-control-request-method") return false;
  }
  return head.method == "OPTIONS" && !head.has_body() && head.all("origin").size() == 1 &&
         head.all("access-control-request-method").size() == 1;
}

bool names_method(const KnownRule& rule, const Head& head) {
  return rule.methods.empty() ||
         std::find(rule.methods.begin(), rule.methods.end(), head.method) != rule.methods.end();
}

// Another case of letters than a rule names: no rule speaks for it, nor does a wider one.
bool nearly_names_method(const KnownRule& rule, const Head& head) {
  return !names_method(rule, head) &&
         std::any_of(rule.methods.begin(), rule.methods.end(),
                     [&](const std::string& one) { return lower(one) == lower(head.method); });
}

// Of a rule that fits.
bool all_hold(const KnownRule& rule, const Strings& segments, const KnownToken& token) {
  const Strings wanted = split(rule.path.substr(1), "/");
  return std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const std::string& condition) {
    if (!condition.starts_with('{')) return token.meets.count(condition) != 0;
    const Strings sides = split(condition, "=");
    const auto place = std::find(wanted.begin(), wanted.end(), sides[0]) - wanted.begin();
    return token.names.count(sides[1] + ":" + segments[static_cast<std::size_t>(place)]) != 0;
  });
}

bool is_overridden(const Head& head, const World& world, const KnownToken& token) {
  return !head.asks_for_websocket() &&
         std::any_of(world.overrides.begin(), world.overrides.end(), [&](const KnownOverride& one) {
           return std::count(one.methods.begin(), one.methods.end(), head.method) != 0 &&
                  token.meets.count(one.condition) != 0;
         });
}

bool is_too_large(const Head& head, const World& world) {
  const Strings lengths = head.all("content-length");
  return !lengths.empty() && std::stoull(lengths[0]) > world.max_body_bytes;
}

}  // namespace

Opinion second_opinion(std::string_view text, const World& world) {
  const Head head{std::string(text)};
  Opinion opinion;
  const auto refused = [&opinion](unsigned status, const std::string& detail = "") {
    opinion.status = status;
    opinion.detail = detail;
    opinion.uid.clear();
    return opinion;
  };

  const auto segments = segments_of(head.target);
  if (!segments) return refused(400);
  const bool preflight = is_preflight(head);
  const KnownRule* rule = nullptr;
  std::vector<const KnownRule*> alternatives;  // as specific as the rule
  Fit best;
  for (const KnownRule& candidate : world.rules) {
    auto found = fit(candidate, *segments);
    const bool nearly = nearly_names_method(candidate, head);
    if (!found || (!preflight && !nearly && !names_method(candidate, head))) continue;
    found->rank += candidate.methods.empty() ? '1' : '0';
    if (rule == nullptr || found->rank < best.rank) rule = &candidate, best = *found, alternatives.clear();
    if (found->rank == best.rank) alternatives.push_back(&candidate);
  }
  if (rule != nullptr && !preflight && nearly_names_method(*rule, head)) rule = nullptr;
  if (rule != nullptr) opinion.rule = rule->path;

  const bool anonymous = rule != nullptr && rule->kind == 'o' && !offers_credentials(head, world);
  if (rule == nullptr || (rule->kind != 'p' && !preflight && !anonymous)) {
    const auto token = token_of(head, world);
    if (!token) return refused(401, "missing");
    const auto known = world.tokens.find(*token);
    if (known == world.tokens.end()) return refused(401, "invalid");
    if (known->second.expired) return refused(401, "expired");
    if (rule == nullptr) return refused(404);
    if (rule->kind == 'u' && best.user_id != known->second.uid) {
      if (!is_overridden(head, world, known->second)) return refused(403);
      opinion.overridden = true;
    }
    if (std::none_of(alternatives.begin(), alternatives.end(),
                     [&](const KnownRule* one) { return all_hold(*one, *segments, known->second); })) {
      opinion.overridden = false;
      return refused(403, "condition");
    }
    opinion.uid = known->second.uid;
  }
  if (is_too_large(head, world)) return refused(413);
  return opinion;
}

}  // namespace postern::fuzz
