// What a change of keys does to a verifier that remembers tokens.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <variant>

#include "signing.hpp"
#include "token/keys/key_ring.hpp"
#include "token/verifier.hpp"

using namespace postern::token;
using sample::SigningKey;

namespace {

using enum TokenFault;

const SigningKey& first() {
  static const SigningKey key(Algorithm::eddsa, "1");
  return key;
}
const SigningKey& second() {
  static const SigningKey key(Algorithm::eddsa, "2");
  return key;
}

std::shared_ptr<const Keys> with_revoked(const std::string& lines) {
  Keys keys = *sample::keys_of({sample::key_set({&first()})}, {sample::secret});
  keys.revoked = std::make_shared<const RevokedList>(std::get<RevokedList>(RevokedList::parse(lines)));
  return std::make_shared<const Keys>(std::move(keys));
}

}  // namespace

TEST_CASE("a key that left ends at once, with the tokens that it verified") {
  Verifier verifier(sample::keys_of({sample::key_set({&first(), &second()})}), {});
  const std::string one = first().token(sample::claims_of("alice")),
                    two = second().token(sample::claims_of("bob"));
  REQUIRE(verifier.verify(one, sample::now).fault == none);
  REQUIRE(verifier.verify(two, sample::now).fault == none);
  verifier.use(sample::keys_of({sample::key_set({&second()})}));
  CHECK(verifier.verify(one, sample::now).fault == unknown_key);
  CHECK(verifier.verify(two, sample::now).uid.view() == "bob");
  verifier.use(sample::keys_of({sample::key_set({&first(), &second()})}));
  CHECK(verifier.verify(one, sample::now).uid.view() == "alice");
  verifier.use(nullptr);
  CHECK(verifier.verify(one, sample::now).fault == unsupported_algorithm);
  CHECK(verifier.verify(two, sample::now).fault == unsupported_algorithm);
}

TEST_CASE("a set that became too old answers for nobody, remembered or not") {
  KeySet set = sample::key_set({&first()});
  Verifier verifier(sample::keys_of({set}), {});
  const std::string token = first().token(sample::claims_of("alice"));
  REQUIRE(verifier.verify(token, sample::now).fault == none);
  set.state = KeySet::State::stale;
  verifier.use(sample::keys_of({set}));
  CHECK(verifier.verify(token, sample::now).fault == no_key_set);
  set.state = KeySet::State::usable;
  verifier.use(sample::keys_of({set}));
  CHECK(verifier.verify(token, sample::now).fault == none);
}

TEST_CASE("a set for another audience or issuer is another set") {
  Verifier verifier(sample::keys_of({sample::key_set({&first()})}), {});
  const std::string token = first().token(sample::claims_of("alice"));
  REQUIRE(verifier.verify(token, sample::now).fault == none);
  KeySet other = sample::key_set({&first()});
  other.audience = "web";
  verifier.use(sample::keys_of({other}));
  CHECK(verifier.verify(token, sample::now).fault == wrong_audience);
  verifier.use(sample::keys_of({sample::key_set({&first()}, "https://b.example")}));
  CHECK(verifier.verify(token, sample::now).fault == wrong_issuer);
}

TEST_CASE("a secret that left ends at once, and the others' tokens stay") {
  const std::string older(32, 'o');
  Verifier verifier(sample::keys_of({}, {older, sample::secret}), {});
  const std::string by_older = sample::token(R"({"alg":"HS256"})", sample::alice, older);
  const std::string by_newer = sample::token(R"({"alg":"HS256"})", sample::alice);
  REQUIRE(verifier.verify(by_older, sample::now).fault == none);
  REQUIRE(verifier.verify(by_newer, sample::now).fault == none);
  verifier.use(sample::keys_of({}, {sample::secret}));
  CHECK(verifier.verify(by_older, sample::now).fault == bad_signature);
  CHECK(verifier.verify(by_newer, sample::now).fault == none);
}

TEST_CASE("a key keeps its number as long as it stays, and none is used again") {
  KeyRing ring;
  ring.use(sample::keys_of({sample::key_set({&first(), &second()})}, {sample::secret}));
  const std::vector<KeyNumber> all(ring.live().begin(), ring.live().end());
  REQUIRE(all.size() == 3);
  ring.use(sample::keys_of({sample::key_set({&second()})}, {sample::secret}));
  const std::vector<KeyNumber> fewer(ring.live().begin(), ring.live().end());
  REQUIRE(fewer.size() == 2);
  for (const KeyNumber number : fewer) CHECK(std::count(all.begin(), all.end(), number) == 1);
  ring.use(sample::keys_of({sample::key_set({&second(), &first()})}, {sample::secret}));
  const std::vector<KeyNumber> again(ring.live().begin(), ring.live().end());
  REQUIRE(again.size() == 3);
  CHECK(std::count(again.begin(), again.end(), all.back() + 1) == 1);
  // The same key under another kid, or bound to another algorithm, is another key.
  KeySet renamed = sample::key_set({&second(), &first()});
  renamed.keys[0].kid = "3";
  ring.use(sample::keys_of({renamed}, {sample::secret}));
  CHECK(ring.live().back() > again.back());
}

TEST_CASE("a revocation wins over the memory of verified tokens") {
  Verifier verifier(with_revoked(""), {});
  const std::string token = first().token(sample::claims_of("alice", R"(,"jti":"j","sid":"s")"));
  for (const std::string line : {"sub alice before 1767225001\n", "jti j\n", "sid s\n"}) {
    CAPTURE(line);
    verifier.use(with_revoked(""));
    REQUIRE(verifier.verify(token, sample::now).fault == none);
    REQUIRE(verifier.verify(token, sample::now).fault == none);
    verifier.use(with_revoked(line));
    CHECK(verifier.verify(token, sample::now).fault == revoked);
    CHECK(verifier.verify(token, sample::now).fault == revoked);
    CHECK(Verifier(with_revoked(line), {}).verify(token, sample::now).fault == revoked);
  }
  for (const std::string line :
       {"sub alice before 1767225000\n", "jti s\n", "sid j\n", "sub bob before 9999999999\n"}) {
    CAPTURE(line);
    verifier.use(with_revoked(line));
    CHECK(verifier.verify(token, sample::now).fault == none);
    CHECK(verifier.verify(token, sample::now).fault == none);
  }
}

TEST_CASE("a shared secret's tokens are revoked as well, by uid, and without iat") {
  Verifier verifier(with_revoked("sub alice before 5\n"), {});
  const auto fault = [&](std::string_view payload) {
    return verifier.verify(sample::token(R"({"alg":"HS256"})", payload), sample::now).fault;
  };
  CHECK(fault(R"({"uid":"alice","exp":1767226500})") == revoked);
  CHECK(fault(R"({"uid":"alice","iat":5,"exp":1700})") == expired);
  CHECK(fault(R"({"uid":"bob","exp":1767226500})") == none);
  CHECK(fault(R"({"uid":"alice","iat":1767225000,"exp":1767226500})") == none);
}

TEST_CASE("what a revocation can name is told, from memory as from the token") {
  Verifier verifier(with_revoked(""), {});
  const std::string token = first().token(sample::claims_of("alice", R"(,"jti":"j","sid":"s")"));
  for (int round = 0; round < 2; ++round) {
    const auto verdict = verifier.verify(token, sample::now);
    CHECK(verdict.revocable.sub == "alice");
    CHECK(verdict.revocable.jti == "j");
    CHECK(verdict.revocable.sid == "s");
    CHECK(verdict.revocable.issued_at == 1767225000);
  }
}

TEST_CASE("what is remembered is told and counted") {
  Verifier verifier(sample::keys_of({sample::key_set({&first(), &second()})}), {});
  const std::string one = first().token(sample::claims_of("alice")),
                    two = second().token(sample::claims_of("bob"));
  CHECK_FALSE(verifier.verify(one, sample::now).remembered);
  CHECK(verifier.verify(one, sample::now).remembered);
  CHECK_FALSE(verifier.verify(two, sample::now).remembered);
  CHECK(verifier.remembered() == 2);
  verifier.use(sample::keys_of({sample::key_set({&second()})}));
  CHECK(verifier.remembered() == 1);
  CHECK(verifier.verify(two, sample::now).remembered);
  CHECK_FALSE(verifier.verify(one, sample::now).remembered);
  CHECK(verifier.remembered() == 1);
}

TEST_CASE("without a cache every token is verified anew, to the same end") {
  Verifier verifier(sample::keys_of({sample::key_set({&first()})}), {}, 0);
  const std::string token = first().token(sample::claims_of("alice"));
  for (int round = 0; round < 3; ++round) CHECK(verifier.verify(token, sample::now).uid.view() == "alice");
  Verifier small(sample::keys_of({sample::key_set({&first()})}), {}, 100);
  for (int round = 0; round < 3; ++round) CHECK(small.verify(token, sample::now).uid.view() == "alice");
}
