#include "token/verifier.hpp"

#include <utility>

#include "token/header.hpp"
#include "token/keys/key_ring.hpp"
#include "token/verified_tokens.hpp"

namespace postern::token {
namespace {

static_assert(default_cache_bytes == VerifiedTokens::default_bytes);

std::shared_ptr<const Keys> keys_of(std::shared_ptr<const SharedSecrets> secrets) {
  return std::make_shared<const Keys>(Keys{std::move(secrets), {}, nullptr});
}

// Nothing of the token is passed on but what was wrong, and which key could mend it.
Verification refused(TokenFault fault, const Verification& found) {
  Verification verification;
  verification.fault = fault;
  verification.remembered = found.remembered;
  if (wants_key(fault)) verification.wanted = found.wanted;
  return verification;
}

}  // namespace

struct Verifier::State {
  State(std::shared_ptr<const Keys> keys, ClaimsPolicy claims_policy, std::size_t cache_bytes,
        const KeyedHash& keyed_hash)
      : policy(std::move(claims_policy)),
        hash(keyed_hash),
        known_tokens(cache_bytes, keyed_hash),
        claims(policy) {
    ring.use(std::move(keys));
  }

  bool recall(std::string_view token, std::int64_t now, const ClientCertificate& certificate,
              Verification& verification);
  Verification verify_anew(std::string_view token, std::int64_t now, const ClientCertificate& certificate);
  TokenFault check_unknown(std::string_view token, std::int64_t now, Verification& verification,
                           KnownToken& known);
  TokenFault check_by_secret(std::int64_t now, Verification& verification, KnownToken& known);
  TokenFault check_by_set(const Header& header, std::int64_t now, Verification& verification,
                          KnownToken& known);
  TokenFault check_claims(const Parties& parties, std::int64_t now, Verification& verification,
                          KnownToken& known);
  [[nodiscard]] bool is_revoked(const Verification& verification) const noexcept;

  const ClaimsPolicy policy;
  const KeyedHash hash;
  KeyRing ring;
  VerifiedTokens known_tokens;
  CompactJws jws;
  HeaderReader header_reader;
  ClaimsReader claims;
  std::uint32_t revoked_list = 1;  // number of the list in force
};

bool Verifier::State::recall(std::string_view token, std::int64_t now, const ClientCertificate& certificate,
                             Verification& verification) {
  KnownToken known;
  if (!known_tokens.find(token, now, policy.leeway, verification, known)) return false;
  verification.remembered = true;
  auto fault = check_binding(known.thumbprint, certificate, now);
  // Looked up once in each list: neither the list nor the token changes.
  if (known.unrevoked != revoked_list) {
    if (is_revoked(verification)) {
      fault = TokenFault::revoked;
    } else {
      known_tokens.note_unrevoked(revoked_list);
    }
  }
  if (fault != TokenFault::none) verification = refused(fault, verification);
  return true;
}

Verification Verifier::State::verify_anew(std::string_view token, std::int64_t now,
                                          const ClientCertificate& certificate) {
  KnownToken known;
  Verification verification;
  auto fault = check_unknown(token, now, verification, known);
  if (fault == TokenFault::none || wants_key(fault)) {
    // Remembered whatever connection it comes over: what it is bound to is asked each time.
    if (fault == TokenFault::none) known_tokens.insert(token, verification, known, now);
    const auto binding = check_binding(known.thumbprint, certificate, now);
    if (binding != TokenFault::none) fault = binding;
  }
  return fault == TokenFault::none ? verification : refused(fault, verification);
}

TokenFault Verifier::State::check_unknown(std::string_view token, std::int64_t now,
                                          Verification& verification, KnownToken& known) {
  if (const auto fault = jws.read(token); fault != TokenFault::none) return fault;
  Header header;
  if (jws.encoded_header() != usual_header) {
    const auto fault = header_reader.check(jws.header(), header);
    if (fault != TokenFault::none) return fault;
  }
  if (header.algorithm == Algorithm::hs256) {
    return ring.has_secrets() ? check_by_secret(now, verification, known) : TokenFault::unsupported_algorithm;
  }
  return ring.has_sets() ? check_by_set(header, now, verification, known) : TokenFault::unsupported_algorithm;
}

TokenFault Verifier::State::check_by_secret(std::int64_t now, Verification& verification, KnownToken& known) {
  const KeyFound found = ring.check_secrets(jws.signing_input(), jws.signature());
  if (found.fault != TokenFault::none) return found.fault;
  known.key = found.key;
  if (!claims.read(jws.payload())) return TokenFault::malformed_payload;
  return check_claims({policy.issuer, policy.audience}, now, verification, known);
}

// The issuer has to be read before anything is verified: it says whose keys count. It chooses nothing else.
TokenFault Verifier::State::check_by_set(const Header& header, std::int64_t now, Verification& verification,
                                         KnownToken& known) {
  if (!claims.read(jws.payload())) return TokenFault::malformed_payload;
  const auto index = ring.set_for(claims.issuer());
  if (!index) return TokenFault::wrong_issuer;
  const KeySet& set = *ring.snapshot().sets[*index];
  const KeyFound found = ring.check_set(*index, header, jws.signing_input(), jws.signature());
  if (found.fault != TokenFault::none && !wants_key(found.fault)) return found.fault;
  known.key = found.key;
  const auto fault = check_claims({set.issuer, set.audience}, now, verification, known);
  if (fault != TokenFault::none || found.fault == TokenFault::none) return fault;
  verification.wanted = {*index, set.fetchable};
  return found.fault;
}

TokenFault Verifier::State::check_claims(const Parties& parties, std::int64_t now, Verification& verification,
                                         KnownToken& known) {
  const auto fault = claims.check(parties, now, verification);
  if (fault != TokenFault::none) return fault;
  if (is_revoked(verification)) return TokenFault::revoked;
  verification.uid_hash = hash(verification.uid.view());
  known.thumbprint = claims.thumbprint();
  known.unrevoked = revoked_list;
  return TokenFault::none;
}

bool Verifier::State::is_revoked(const Verification& verification) const noexcept {
  const auto& list = ring.snapshot().revoked;
  return list && list->revokes(verification.uid.view(), verification.revocable);
}

Verifier::Verifier(std::shared_ptr<const Keys> keys, ClaimsPolicy policy, std::size_t cache_bytes,
                   const KeyedHash& hash)
    : state_(std::make_unique<State>(std::move(keys), std::move(policy), cache_bytes, hash)) {}
Verifier::Verifier(std::shared_ptr<const SharedSecrets> secrets, ClaimsPolicy policy)
    : Verifier(keys_of(std::move(secrets)), std::move(policy)) {}
Verifier::~Verifier() = default;
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;

void Verifier::use(std::shared_ptr<const Keys> keys) {
  State& state = *state_;
  const auto before = state.ring.snapshot().revoked;
  state.ring.use(std::move(keys));
  state.known_tokens.keep(state.ring.live());
  if (state.ring.snapshot().revoked != before) ++state.revoked_list;
}

std::size_t Verifier::remembered() const noexcept {
  return state_->known_tokens.size();
}

Verification Verifier::verify(std::string_view token, std::int64_t now,
                              const ClientCertificate& certificate) {
  Verification verification;
  if (recall(token, now, certificate, verification)) return verification;
  return verify_anew(token, now, certificate);
}

bool Verifier::recall(std::string_view token, std::int64_t now, const ClientCertificate& certificate,
                      Verification& verification) {
  return state_->recall(token, now, certificate, verification);
}

Verification Verifier::verify_anew(std::string_view token, std::int64_t now,
                                   const ClientCertificate& certificate) {
  return state_->verify_anew(token, now, certificate);
}

}  // namespace postern::token
