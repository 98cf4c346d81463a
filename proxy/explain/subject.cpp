#include "explain/subject.hpp"

namespace postern::explain {

bool is_signed_by_secret(const TokenView& token) {
  return text_of(member(token.header, "alg")) == "HS256";
}

std::optional<std::size_t> set_of(const TokenView& token, const token::Keys& keys) {
  const auto issuer = text_of(member(token.payload, "iss"));
  std::optional<std::size_t> any;
  for (std::size_t i = 0; i < keys.sets.size(); ++i) {
    const auto& demanded = keys.sets[i]->issuer;
    if (!demanded) {
      any = i;
    } else if (issuer == std::string_view(*demanded)) {
      return i;
    }
  }
  return any;
}

}  // namespace postern::explain
