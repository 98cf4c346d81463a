#include "explain/token_checks.hpp"

#include <algorithm>
#include <set>

#include "config/values/timestamp.hpp"
#include "config/values/values.hpp"
#include "explain/find_cause.hpp"
#include "observe/words.hpp"

namespace postern::explain {
namespace {

class Checks {
 public:
  explicit Checks(const Subject& subject)
      : subject_(subject), by_secret_(is_signed_by_secret(subject.token)) {
    if (!by_secret_) set_ = set_of(subject.token, subject.keys);
  }

  std::vector<TokenCheck> run() {
    if (!subject_.token.header) return {};
    add_algorithm();
    add("typ", "absent, JWT or at+jwt", shown(header("typ")), !fails("unsupported type"));
    if (by_secret_) {
      add_secrets();
    } else {
      add_key();
    }
    if (!subject_.token.payload) return std::move(checks_);
    add_parties();
    add_times();
    add_user();
    return std::move(checks_);
  }

 private:
  [[nodiscard]] bool fails(std::string_view reason) const { return subject_.verdict.reason == reason; }
  [[nodiscard]] const boost::json::value* header(std::string_view name) const {
    return member(subject_.token.header, name);
  }
  [[nodiscard]] const boost::json::value* claim(std::string_view name) const {
    return member(subject_.token.payload, name);
  }
  [[nodiscard]] bool has_secrets() const {
    return subject_.keys.secrets != nullptr && !subject_.keys.secrets->all().empty();
  }
  void add(std::string name, std::string expected, std::string found, bool good) {
    checks_.push_back({std::move(name), std::move(expected), std::move(found), good});
  }

  void add_algorithm() {
    std::set<std::string_view> names;
    if (has_secrets()) names.insert("HS256");
    for (const auto& set : subject_.keys.sets) {
      for (const token::PublicKey& key : set->keys) names.insert(token::text_of(key.algorithm));
      if (set->keys.empty()) names.insert({"EdDSA", "ES256", "ES512", "RS256", "PS256"});
    }
    std::string expected;
    for (const std::string_view name : names) expected.append(expected.empty() ? "" : ", ").append(name);
    const bool good = !fails("unsupported algorithm") && !fails("algorithm of another key");
    add("alg", expected, shown(header("alg")), good);
  }

  void add_secrets() {
    std::string sizes;
    for (const std::string& secret :
         has_secrets() ? subject_.keys.secrets->all() : std::vector<std::string>{})
      sizes += (sizes.empty() ? "" : " and ") + std::to_string(secret.size());
    if (sizes.empty()) return add("secrets", "", "none is configured", false);
    const std::size_t tried = subject_.keys.secrets->all().size();
    add("secrets", "one that signed it",
        observe::count(tried, "secret") + " tried, of " + sizes + " bytes" +
            (fails("bad signature") ? ": none did" : ""),
        !fails("bad signature"));
  }

  void add_key() {
    std::string expected;
    bool good = !fails("unknown key") && !fails("bad signature") && !fails("algorithm of another key");
    if (set_) {
      for (const token::PublicKey& key : subject_.keys.sets[*set_]->keys) {
        constexpr std::size_t longest = 200;
        if (expected.size() > longest) continue;
        expected += (expected.empty() ? "" : ", ") + (key.kid ? config::shown(*key.kid) : "one without kid");
      }
    }
    add("kid", expected, shown(header("kid")), good);
    if (!set_) return;
    const KeySetReport& report = subject_.key_sets[*set_];
    std::string state = observe::count(subject_.keys.sets[*set_]->keys.size(), "key");
    if (report.fetched) state += ", fetched just now";
    if (!report.problem.empty()) state = report.problem;
    add("key set", report.name, state, report.problem.empty());
  }

  void add_parties() {
    auto issuer = subject_.claims.issuer, audience = subject_.claims.audience;
    if (!by_secret_ && set_) {
      issuer = subject_.keys.sets[*set_]->issuer;
      audience = subject_.keys.sets[*set_]->audience;
    }
    std::string issuers = issuer ? config::shown(*issuer) : "anything";
    if (!by_secret_ && !set_) {
      issuers.clear();
      for (const auto& set : subject_.keys.sets)
        issuers += (issuers.empty() ? "" : " or ") + config::shown(set->issuer.value_or("anything"));
    }
    add("iss", issuers, shown(claim("iss")), !fails("wrong issuer"));
    if (by_secret_ || set_) {
      add("aud", audience ? config::shown(*audience) : "anything", shown(claim("aud")),
          !fails("wrong audience"));
    }
  }

  void add_time(std::string_view name, std::string expected, bool good) {
    const auto* const value = claim(name);
    const auto seconds = seconds_of(value);
    std::string found = shown(value);
    constexpr std::int64_t year_9999 = 253'402'300'799;
    if (seconds && *seconds >= 0 && *seconds <= year_9999) {
      found += ", " + config::timestamp_to_string(*seconds) + ", " + distance(*seconds, subject_.now);
    }
    add(std::string(name), std::move(expected), std::move(found), good);
  }

  void add_times() {
    const std::string leeway = observe::span_of(subject_.claims.leeway);
    const std::string now = config::timestamp_to_string(subject_.now);
    add_time("exp", "later than " + leeway + " before " + now,
             !fails("expired") && !fails("missing expiry") && !fails("lifetime too long"));
    const std::string latest = "at most " + leeway + " ahead of " + now;
    if (claim("nbf") != nullptr) add_time("nbf", latest, !fails("not yet valid"));
    if (claim("iat") != nullptr) add_time("iat", latest, !fails("issued in the future"));
    if (!subject_.claims.max_lifetime) return;
    const auto exp = seconds_of(claim("exp"));
    const std::int64_t from = seconds_of(claim("iat")).value_or(subject_.now);
    std::int64_t lifetime = 0;
    if (!exp || __builtin_sub_overflow(*exp, from, &lifetime)) return;
    add("lifetime", "at most " + observe::span_of(*subject_.claims.max_lifetime), observe::span_of(lifetime),
        !fails("lifetime too long"));
  }

  void add_user() {
    std::string names, found = "absent";
    for (const std::string& name : subject_.claims.uid_claims) {
      names += (names.empty() ? "" : ", then ") + name;
      if (found == "absent" && claim(name) != nullptr) found = name + " " + shown(claim(name));
    }
    add("user", names, found, !fails("missing uid") && !fails("malformed uid") && !fails("subject mismatch"));
    if (claim("sub") != nullptr) add("sub", "", shown(claim("sub")), !fails("subject mismatch"));
    if (claim("cnf") != nullptr) {
      add("cnf", "absent, or this connection's certificate", "there",
          !fails("bound to a key") && !fails("bound to another certificate"));
    }
  }

  const Subject& subject_;
  const bool by_secret_;
  std::optional<std::size_t> set_;  // whose keys count
  std::vector<TokenCheck> checks_;
};

}  // namespace

std::vector<TokenCheck> token_checks(const Subject& subject) {
  return Checks(subject).run();
}

}  // namespace postern::explain
