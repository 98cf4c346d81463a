#include "token/keys/key_ring.hpp"

#include <algorithm>
#include <utility>

namespace postern::token {
namespace {

// What no key of that algorithm made, whatever key it is. RSA's sizes are those of public_key.hpp.
bool is_possible_size(Algorithm algorithm, std::size_t size) noexcept {
  switch (algorithm) {
    case Algorithm::hs256:
      return size == 32;
    case Algorithm::eddsa:
    case Algorithm::es256:
      return size == 64;
    case Algorithm::es512:
      return size == 132;
    case Algorithm::rs256:
    case Algorithm::ps256:
      return size >= 256 && size <= 1024;
  }
  return false;
}

bool demands_the_same(const KeySet& a, const KeySet& b) noexcept {
  return a.issuer == b.issuer && a.audience == b.audience;
}

}  // namespace

bool KeyRing::Public::verify(std::string_view message, std::span<const char> signature) {
  if (!check) check.emplace(*key);
  return check->verify(message, signature);
}

void KeyRing::use(std::shared_ptr<const Keys> keys) {
  if (!keys) keys = std::make_shared<const Keys>();
  std::vector<Secret> secrets = secrets_for(*keys);
  std::vector<Set> sets;
  for (const auto& set : keys->sets) sets.push_back(set_from(*set));
  // The keys that both have were taken out of the old sets; nothing points into the old snapshot any more.
  secrets_ = std::move(secrets);
  sets_ = std::move(sets);
  snapshot_ = std::move(keys);
  list_live();
}

std::vector<KeyRing::Secret> KeyRing::secrets_for(const Keys& keys) {
  std::vector<Secret> out;
  if (!keys.secrets) return out;
  for (const std::string& secret : keys.secrets->all()) {
    KeyNumber number = 0;
    for (std::size_t i = 0; i < secrets_.size(); ++i) {
      if (snapshot_->secrets->all()[i] == secret) number = secrets_[i].number;
    }
    out.push_back({number != 0 ? number : next_number_++, Hs256Key(secret)});
  }
  return out;
}

KeyRing::Set KeyRing::set_from(const KeySet& set) {
  Set out;
  if (set.state != KeySet::State::usable) return out;
  Set* old = nullptr;
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (demands_the_same(*snapshot_->sets[i], set)) old = &sets_[i];
  }
  for (const PublicKey& key : set.keys) {
    Public* known = nullptr;
    if (old != nullptr) {
      const auto found = std::find_if(old->begin(), old->end(), [&key](const Public& one) {
        return one.key != nullptr && *one.key == key;
      });
      if (found != old->end()) known = &*found;
    }
    if (known == nullptr) {
      out.push_back({next_number_++, &key, std::nullopt});
    } else {
      out.push_back({known->number, &key, std::move(known->check)});
      known->key = nullptr;
    }
  }
  return out;
}

void KeyRing::list_live() {
  live_.clear();
  for (const Secret& secret : secrets_) live_.push_back(secret.number);
  for (const Set& set : sets_) {
    for (const Public& key : set) live_.push_back(key.number);
  }
  std::ranges::sort(live_);
}

KeyFound KeyRing::check_secrets(std::string_view message, std::span<const char> signature) noexcept {
  for (Secret& secret : secrets_) {
    if (secret.key.verify(message, signature)) return {TokenFault::none, secret.number};
  }
  return {TokenFault::bad_signature, 0};
}

std::optional<std::size_t> KeyRing::set_for(std::optional<std::string_view> issuer) const noexcept {
  std::optional<std::size_t> any;
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    const auto& demanded = snapshot_->sets[i]->issuer;
    if (!demanded) {
      any = i;
    } else if (issuer == std::string_view(*demanded)) {
      return i;
    }
  }
  return any;
}

KeyFound KeyRing::check_set(std::size_t set, const Header& header, std::string_view message,
                            std::span<const char> signature) {
  if (!is_possible_size(header.algorithm, signature.size())) return {TokenFault::bad_signature, 0};
  if (snapshot_->sets[set]->state != KeySet::State::usable) return {TokenFault::no_key_set, 0};
  std::size_t tried = 0;
  bool kid_is_known = false;
  for (Public& key : sets_[set]) {
    if (header.kid && key.key->kid != header.kid) continue;
    kid_is_known = header.kid.has_value();
    if (key.key->algorithm != header.algorithm || tried == most_without_kid) continue;
    ++tried;
    if (key.verify(message, signature)) return {TokenFault::none, key.number};
  }
  if (tried != 0) return {TokenFault::bad_signature, 0};
  return {kid_is_known ? TokenFault::algorithm_confusion : TokenFault::unknown_key, 0};
}

}  // namespace postern::token
