#include "token/keys/jwk_set.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "token/base64url.hpp"

namespace postern::token {
namespace {

namespace json = boost::json;

// Null when the member is absent or no string.
const json::string* text_member(const json::object& jwk, std::string_view name) {
  const json::value* member = jwk.if_contains(name);
  return member == nullptr ? nullptr : member->if_string();
}

bool is_text(const json::object& jwk, std::string_view name, std::string_view wanted) {
  const json::string* text = text_member(jwk, name);
  return text != nullptr && std::string_view(*text) == wanted;
}

std::optional<std::string> decoded_member(const json::object& jwk, std::string_view name) {
  const json::string* text = text_member(jwk, name);
  if (text == nullptr || text->empty()) return std::nullopt;
  std::string bytes(decoded_size(text->size()), '\0');
  if (!decode_base64url(std::string_view(*text), bytes)) return std::nullopt;
  return bytes;
}

// RFC 7517 4.2 and 4.3: either member can forbid the use, neither needs to be there.
std::optional<KeyFault> fault_of_use(const json::object& jwk) {
  if (jwk.contains("use") && !is_text(jwk, "use", "sig")) return KeyFault::not_for_signatures;
  const json::value* operations = jwk.if_contains("key_ops");
  if (operations == nullptr) return std::nullopt;
  const json::array* listed = operations->if_array();
  const auto is_verify = [](const json::value& one) {
    return one.is_string() && one.as_string() == "verify";
  };
  if (listed == nullptr || std::none_of(listed->begin(), listed->end(), is_verify)) {
    return KeyFault::not_for_verifying;
  }
  return std::nullopt;
}

// What alg says, `usual` without one; nothing when that is none of ours.
std::optional<Algorithm> algorithm_of(const json::object& jwk, Algorithm usual) {
  if (!jwk.contains("alg")) return usual;
  const json::string* alg = text_member(jwk, "alg");
  return alg == nullptr ? std::nullopt : algorithm_named(std::string_view(*alg));
}

OrKeyFault read_okp(const json::object& jwk) {
  if (text_member(jwk, "crv") == nullptr) return KeyFault::malformed_member;
  if (!is_text(jwk, "crv", "Ed25519")) return KeyFault::unknown_curve;
  if (algorithm_of(jwk, Algorithm::eddsa) != Algorithm::eddsa) return KeyFault::wrong_algorithm;
  const auto x = decoded_member(jwk, "x");
  if (!x) return KeyFault::malformed_member;
  return ed25519_key(*x);
}

OrKeyFault read_ec(const json::object& jwk) {
  if (text_member(jwk, "crv") == nullptr) return KeyFault::malformed_member;
  const bool p256 = is_text(jwk, "crv", "P-256");
  if (!p256 && !is_text(jwk, "crv", "P-521")) return KeyFault::unknown_curve;
  const Algorithm own = p256 ? Algorithm::es256 : Algorithm::es512;
  if (algorithm_of(jwk, own) != own) return KeyFault::wrong_algorithm;
  const auto x = decoded_member(jwk, "x"), y = decoded_member(jwk, "y");
  if (!x || !y) return KeyFault::malformed_member;
  return ec_key(own, *x, *y);
}

OrKeyFault read_rsa(const json::object& jwk) {
  const auto algorithm = algorithm_of(jwk, Algorithm::rs256);
  if (algorithm != Algorithm::rs256 && algorithm != Algorithm::ps256) return KeyFault::wrong_algorithm;
  const auto n = decoded_member(jwk, "n"), e = decoded_member(jwk, "e");
  if (!n || !e) return KeyFault::malformed_member;
  return rsa_key(*algorithm, *n, *e);
}

OrKeyFault read_jwk(const json::value& value) {
  const json::object* jwk = value.if_object();
  if (jwk == nullptr) return KeyFault::not_an_object;
  const json::string* kty = text_member(*jwk, "kty");
  if (kty == nullptr) return KeyFault::malformed_member;
  const std::string_view type(*kty);
  if (type == "oct") return KeyFault::symmetric;
  if (type != "OKP" && type != "EC" && type != "RSA") return KeyFault::unknown_type;
  if (const auto fault = fault_of_use(*jwk)) return *fault;
  if (jwk->contains("d")) return KeyFault::private_key;
  if (jwk->contains("kid") && text_member(*jwk, "kid") == nullptr) return KeyFault::malformed_member;

  OrKeyFault read = type == "OKP" ? read_okp(*jwk) : type == "EC" ? read_ec(*jwk) : read_rsa(*jwk);
  auto* key = std::get_if<PublicKey>(&read);
  if (key != nullptr && jwk->contains("kid")) key->kid.emplace(*text_member(*jwk, "kid"));
  return read;
}

std::string kid_of(const json::value& value) {
  const json::object* jwk = value.if_object();
  const json::string* kid = jwk == nullptr ? nullptr : text_member(*jwk, "kid");
  return kid == nullptr ? std::string() : std::string(*kid);
}

}  // namespace

std::string_view text_of(KeySetFault fault) noexcept {
  switch (fault) {
    case KeySetFault::too_large:
      return "over 1 MiB";
    case KeySetFault::not_json:
      return "no JSON object";
    case KeySetFault::no_keys_member:
      return "no array named keys";
    case KeySetFault::too_many_keys:
      return "over 1024 keys";
    case KeySetFault::no_usable_key:
      return "no usable key";
  }
  return "unknown";
}

std::variant<JwkSet, JwkSetRefusal> read_jwk_set(std::string_view json_text) {
  if (json_text.size() > max_jwk_set_bytes) return JwkSetRefusal{KeySetFault::too_large, {}};
  json::error_code error;
  const json::value document = json::parse(json_text, error);
  const json::object* top = error ? nullptr : document.if_object();
  if (top == nullptr) return JwkSetRefusal{KeySetFault::not_json, {}};
  const json::value* member = top->if_contains("keys");
  const json::array* listed = member == nullptr ? nullptr : member->if_array();
  if (listed == nullptr) return JwkSetRefusal{KeySetFault::no_keys_member, {}};
  if (listed->size() > max_jwk_set_keys) return JwkSetRefusal{KeySetFault::too_many_keys, {}};

  JwkSet set;
  for (std::size_t position = 0; position < listed->size(); ++position) {
    OrKeyFault read = read_jwk((*listed)[position]);
    if (auto* key = std::get_if<PublicKey>(&read)) {
      // Listed twice it is one key, and takes one of the eight places of those without a kid.
      if (std::find(set.keys.begin(), set.keys.end(), *key) == set.keys.end())
        set.keys.push_back(std::move(*key));
    } else {
      set.skipped.push_back({position, kid_of((*listed)[position]), std::get<KeyFault>(read)});
    }
  }
  if (set.keys.empty()) return JwkSetRefusal{KeySetFault::no_usable_key, std::move(set.skipped)};
  return set;
}

}  // namespace postern::token
