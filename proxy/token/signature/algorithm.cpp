#include "token/signature/algorithm.hpp"

#include <array>
#include <utility>

namespace postern::token {
namespace {

using enum Algorithm;

constexpr std::array<std::pair<std::string_view, Algorithm>, 7> names{{{"HS256", hs256},
                                                                       {"EdDSA", eddsa},
                                                                       {"ES256", es256},
                                                                       {"ES512", es512},
                                                                       {"RS256", rs256},
                                                                       {"PS256", ps256},
                                                                       {"Ed25519", eddsa}}};

}  // namespace

std::optional<Algorithm> algorithm_named(std::string_view alg) noexcept {
  for (const auto& [name, algorithm] : names) {
    if (name == alg) return algorithm;
  }
  return std::nullopt;
}

std::string_view text_of(Algorithm algorithm) noexcept {
  return names[static_cast<std::size_t>(algorithm)].first;
}

}  // namespace postern::token
