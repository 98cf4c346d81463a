#include "config/keys/key_sources.hpp"

#include <algorithm>

#include "config/values/values.hpp"
#include "token/keys/jwk_set.hpp"

namespace postern::config {
namespace {

constexpr std::string_view any = "any";
constexpr std::string_view url_variable = "POSTERN_JWKS_URL", file_variable = "POSTERN_JWKS_FILE";
constexpr std::string_view url_example =
    "POSTERN_JWKS_URL=https://auth.example.com/api/auth/jwks iss=https://auth.example.com aud=api";
constexpr std::string_view file_example =
    "POSTERN_JWKS_FILE=/etc/postern/jwks.json iss=https://auth.example.com aud=api";
constexpr std::string_view issuer_example = "POSTERN_JWT_ISSUER=https://auth.example.com";
constexpr std::string_view audience_example = "POSTERN_JWT_AUDIENCE=https://auth.example.com";
constexpr std::size_t many_keys = 16;

void problem(Outcome& outcome, std::string_view variable, std::string what, std::string_view example) {
  outcome.problems.push_back({std::string(variable), std::move(what), std::string(example)});
}

std::string_view next_word(std::string_view& text) {
  text = trimmed(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// One entry of either list, without its place; what is wrong, or nothing.
std::string read_parties(std::string_view rest, KeySetSource& source) {
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    std::string* party = word.starts_with("iss=")   ? &source.issuer
                         : word.starts_with("aud=") ? &source.audience
                                                    : nullptr;
    if (party == nullptr) return shown(word) + " is neither iss=ISSUER nor aud=AUDIENCE";
    if (!party->empty() || word.size() == 4) return shown(word) + " is empty, or there twice";
    *party = word.substr(4);
  }
  return {};
}

std::string read_sources(std::string_view value, bool is_url, Config& config) {
  std::erase_if(config.key_sets, [is_url](const KeySetSource& source) { return source.is_url() == is_url; });
  for (std::string_view entry : parse_list(value)) {
    KeySetSource source;
    const std::string_view place = next_word(entry);
    if (is_url) {
      auto parsed = parse_http_url(place);
      // The text may hold a password, and is not shown.
      if (const auto* what = std::get_if<std::string>(&parsed)) return "entry " + *what;
      source.address = std::get<HttpUrl>(std::move(parsed));
      source.url = place;
    } else {
      source.file = place;
    }
    if (std::string what = read_parties(entry, source); !what.empty()) return what;
    config.key_sets.push_back(std::move(source));
  }
  return {};
}

std::string show_sources(bool is_url, const Config& config) {
  std::string out;
  for (const KeySetSource& source : config.key_sets) {
    if (source.is_url() != is_url) continue;
    out += (out.empty() ? "" : ",") + (is_url ? source.url : source.file);
    if (!source.issuer.empty()) out += " iss=" + source.issuer;
    if (!source.audience.empty()) out += " aud=" + source.audience;
  }
  return out;
}

void apply_better_auth_url(Outcome& outcome) {
  Config& config = outcome.config;
  if (config.better_auth_url.empty()) return;
  auto parsed = parse_http_url(config.better_auth_url);
  auto* base = std::get_if<HttpUrl>(&parsed);
  std::string what = base == nullptr ? std::get<std::string>(parsed) : "";
  if (base != nullptr && base->target.find('?') != std::string::npos) what = "has a query";
  if (base != nullptr && base->target.find("/.") != std::string::npos) what = "has a dot segment";
  if (!what.empty())
    return problem(outcome, "BETTER_AUTH_URL", what, "BETTER_AUTH_URL=https://auth.example.com");
  if (!config.claims.issuer && !config.any_issuer) config.claims.issuer = base->origin;
  if (!config.claims.audience && !config.any_audience) config.claims.audience = base->origin;
  if (!config.key_sets.empty() || config.no_jwks_url) return;
  KeySetSource source;
  source.url = jwks_url_of(*base);
  source.address = std::get<HttpUrl>(parse_http_url(source.url));
  config.key_sets.push_back(std::move(source));
}

// Without an entry's own, the one that all tokens must have.
void fill_in(std::string& party, const std::optional<std::string>& common, bool waived) {
  if (party.empty()) party = waived ? std::string(any) : common.value_or("");
}

std::string_view variable_of(const KeySetSource& source) {
  return source.is_url() ? url_variable : file_variable;
}

void check_parties(const KeySetSource& source, Outcome& outcome) {
  if (source.issuer.empty()) {
    problem(outcome, variable_of(source),
            "needs iss=..., POSTERN_JWT_ISSUER or BETTER_AUTH_URL (any waives it)", issuer_example);
  }
  if (source.audience.empty()) {
    problem(outcome, variable_of(source),
            "needs aud=..., POSTERN_JWT_AUDIENCE or BETTER_AUTH_URL (any waives it)", audience_example);
  }
  if (source.issuer == any && source.audience == any) {
    outcome.warnings.push_back(std::string(variable_of(source)) +
                               ": neither issuer nor audience is checked: whatever those keys sign is taken");
  }
  if (source.is_url() && !source.address.tls && !source.address.is_loopback()) {
    outcome.warnings.push_back(std::string(url_variable) + ": " + source.address.origin +
                               " is not https: whoever is on the way can replace the keys");
  }
}

void check_issuers_differ(Outcome& outcome) {
  const auto& sets = outcome.config.key_sets;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto same = [&](const KeySetSource& other) { return other.issuer == sets[i].issuer; };
    if (sets[i].issuer.empty() ||
        std::none_of(sets.begin(), sets.begin() + static_cast<std::ptrdiff_t>(i), same))
      continue;
    problem(outcome, variable_of(sets[i]),
            "two sets have the issuer " + shown(sets[i].issuer) + ": give each its own",
            sets[i].is_url() ? url_example : file_example);
  }
}

std::string skipped_text(const token::SkippedKey& key) {
  return (key.kid.empty() ? "key " + std::to_string(key.position + 1) : "key " + shown(key.kid)) +
         " is skipped: " + std::string(token::text_of(key.fault));
}

void read_set_file(const HostEnvironment& host, KeySetSource& source, Outcome& outcome) {
  const FileContent content = host.read_file(source.file);
  if (!content.error.empty()) {
    return problem(outcome, file_variable, "cannot read " + shown(source.file) + ": " + content.error,
                   file_example);
  }
  auto read = token::read_jwk_set(content.bytes);
  if (const auto* refusal = std::get_if<token::JwkSetRefusal>(&read)) {
    std::string what = shown(source.file) + ": " + std::string(token::text_of(refusal->fault));
    for (const token::SkippedKey& key : refusal->skipped) what += "; " + skipped_text(key);
    return problem(outcome, file_variable, what.substr(0, 400), file_example);
  }
  auto& set = std::get<token::JwkSet>(read);
  for (const token::SkippedKey& key : set.skipped) {
    outcome.warnings.push_back(std::string(file_variable) + ": " + skipped_text(key));
  }
  if (set.keys.size() > many_keys) {
    outcome.warnings.push_back(std::string(file_variable) + ": " + shown(source.file) + " holds " +
                               std::to_string(set.keys.size()) +
                               " keys; every one of them signs for any user");
  }
  source.keys = std::move(set.keys);
}

void read_authorities(const HostEnvironment& host, Outcome& outcome) {
  constexpr std::string_view variable = "POSTERN_JWKS_CA",
                             example = "POSTERN_JWKS_CA=/run/secrets/jwks-ca.crt";
  Config& config = outcome.config;
  const bool https = std::ranges::any_of(
      config.key_sets, [](const KeySetSource& source) { return source.is_url() && source.address.tls; });
  if (!https) {
    if (!config.jwks_ca_file.empty()) {
      outcome.warnings.push_back(std::string(variable) + ": has no effect, because no set is https://");
    }
    return;
  }
  std::string authorities;
  if (!config.jwks_ca_file.empty()) {
    FileContent content = host.read_file(config.jwks_ca_file);
    if (!content.error.empty() || content.bytes.empty()) {
      return problem(outcome, variable,
                     (content.exists ? shown(config.jwks_ca_file) : "what it names") +
                         (content.error.empty() ? " is empty" : " cannot be read: " + content.error),
                     example);
    }
    authorities = std::move(content.bytes);
  }
  auto made = tls::make_client_context(authorities);
  if (auto* context = std::get_if<tls::Context>(&made)) {
    config.jwks_tls = std::move(*context);
  } else {
    problem(outcome, variable, shown(config.jwks_ca_file) + " " + std::get<std::string>(made), example);
  }
}

// POSTERN_UID_CLAIM=sub where nothing demands an audience would refuse everybody.
void check_uid_claims(Outcome& outcome) {
  const Config& config = outcome.config;
  if (config.claims.uid_claims != std::vector<std::string>{"sub"}) return;
  const bool by_secret = !config.secrets.empty() && config.claims.audience.has_value();
  const bool by_set = std::ranges::any_of(
      config.key_sets, [](const KeySetSource& set) { return !set.audience.empty() && set.audience != any; });
  if (by_secret || by_set) return;
  problem(outcome, "POSTERN_UID_CLAIM",
          "sub alone names a user only where an audience is demanded: set POSTERN_JWT_AUDIENCE or "
          "BETTER_AUTH_URL",
          audience_example);
}

}  // namespace

std::string read_jwks_url(std::string_view value, Config& config) {
  config.no_jwks_url = value == "off" || value == "false";
  return config.no_jwks_url ? std::string() : read_sources(value, true, config);
}

std::string read_jwks_file(std::string_view value, Config& config) {
  return read_sources(value, false, config);
}

std::string show_jwks_url(const Config& config) {
  return config.no_jwks_url ? "off" : show_sources(true, config);
}

std::string show_jwks_file(const Config& config) {
  return show_sources(false, config);
}

void resolve_key_sources(const HostEnvironment& host, Outcome& outcome) {
  apply_better_auth_url(outcome);
  Config& config = outcome.config;
  for (KeySetSource& source : config.key_sets) {
    fill_in(source.issuer, config.claims.issuer, config.any_issuer);
    fill_in(source.audience, config.claims.audience, config.any_audience);
    check_parties(source, outcome);
    if (!source.is_url()) read_set_file(host, source, outcome);
  }
  check_issuers_differ(outcome);
  if (config.key_sets.size() > 1) {
    outcome.warnings.push_back("there are " + std::to_string(config.key_sets.size()) +
                               " key sets: each of their issuers can name any user");
  }
  read_authorities(host, outcome);
  check_uid_claims(outcome);
}

void read_revoked_file(const HostEnvironment& host, Outcome& outcome) {
  constexpr std::string_view variable = "POSTERN_REVOKED_FILE",
                             example = "POSTERN_REVOKED_FILE=/etc/postern/revoked";
  const std::string& path = outcome.config.revoked_file;
  if (path.empty()) return;
  FileContent content = host.read_large_file ? host.read_large_file(path) : host.read_file(path);
  if (!content.error.empty()) {
    return problem(outcome, variable, "cannot read " + shown(path) + ": " + content.error, example);
  }
  auto parsed = token::RevokedList::parse(std::move(content.bytes));
  if (auto* list = std::get_if<token::RevokedList>(&parsed)) {
    outcome.config.revoked = std::make_shared<const token::RevokedList>(std::move(*list));
  } else {
    problem(outcome, variable, shown(path) + ": " + std::get<std::string>(parsed), example);
  }
}

}  // namespace postern::config
