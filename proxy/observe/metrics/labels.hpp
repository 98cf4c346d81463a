#pragma once
// The values that the labels of the metrics take: closed lists, in the order of their enumerations.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::observe {

enum class CountedVerdict : std::uint8_t { forward, refuse, shadow, override_ };
inline constexpr std::array<std::string_view, 4> verdict_names = {"forward", "refuse", "shadow", "override"};

enum class Side : std::uint8_t { client, upstream };
inline constexpr std::array<std::string_view, 2> side_names = {"client", "upstream"};

// Idle: between requests. Active: with a request. Tunnel: a websocket.
enum class ConnectionState : std::uint8_t { idle, active, tunnel };
inline constexpr std::array<std::string_view, 3> state_names = {"idle", "active", "tunnel"};

// Why a stream (a response whose body goes on, or a websocket) ended.
enum class StreamEnd : std::uint8_t {
  finished,
  client_gone,
  upstream_gone,
  malformed,
  idle_timeout,
  token_expired,
  token_revoked,
  shadow_over,
  drained
};
inline constexpr std::array<std::string_view, 9> stream_end_names = {
    "finished",      "client_gone",   "upstream_gone", "malformed", "idle_timeout",
    "token_expired", "token_revoked", "shadow_over",   "drained"};

// Why a key set was fetched.
enum class FetchTrigger : std::uint8_t { start, timer, unknown_kid, signal };
inline constexpr std::array<std::string_view, 4> trigger_names = {"start", "timer", "unknown_kid", "signal"};

// What became of a request whose key was not in the set: found by the fetch, missing after it, or not to be
// told (the bucket is empty, the waiting room full, the fetch failed).
enum class UnknownKid : std::uint8_t { found, missing, unavailable };
inline constexpr std::array<std::string_view, 3> unknown_kid_names = {"found", "missing", "unavailable"};
// `fetched`: by a fetch that began after the request came.
constexpr UnknownKid unknown_kid_of(bool lacks_key, bool fetched) noexcept {
  if (!lacks_key) return UnknownKid::found;
  return fetched ? UnknownKid::missing : UnknownKid::unavailable;
}

enum class KeyAlgorithm : std::uint8_t { eddsa, es256, es512, rs256, ps256 };
inline constexpr std::array<std::string_view, 5> algorithm_names = {"EdDSA", "ES256", "ES512", "RS256",
                                                                    "PS256"};

template <class Enum>
constexpr std::size_t index_of(Enum value) noexcept {
  return static_cast<std::size_t>(value);
}

}  // namespace postern::observe
