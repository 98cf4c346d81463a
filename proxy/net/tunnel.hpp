#pragma once
// A websocket: after the upstream's 101 the bytes are the two ends' own affair, until Postern must end it.

#include <cstdint>
#include <string_view>

#include "http/websocket_frames.hpp"
#include "net/stream.hpp"
#include "net/workspace.hpp"

namespace postern::net {

class Session;

// Why Postern ends a websocket, as the status code of a close frame (RFC 6455 7.4.1).
enum class Goodbye : std::uint16_t { none = 0, going_away = 1001, policy_violation = 1008 };

class Tunnel {
 public:
  // Why it ended.
  enum class End : std::uint8_t {
    closed,       // both sides ended it
    client_gone,  // broken off, or takes nothing any more
    upstream_gone,
  };

  // `from_client` keeps the first `kept` bytes of its storage.
  Tunnel(Session& session, Buffer& from_client, std::size_t kept, Buffer& from_upstream);
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  // Relays until the end; goodbye() says whether that was Postern's doing.
  Awaitable<End> run();

  // Ends it with a close frame to each side at its next frame boundary (RFC 6455 7.1.1); a side that lets its
  // frame hang or takes nothing is cut off after a moment. Only the first call counts.
  void say_goodbye(Goodbye why) noexcept;
  [[nodiscard]] Goodbye goodbye() const noexcept { return goodbye_; }

  [[nodiscard]] std::uint64_t bytes_from_client() const noexcept { return upstream_way_.bytes; }
  [[nodiscard]] std::uint64_t bytes_from_upstream() const noexcept { return client_way_.bytes; }

 private:
  // One direction.
  struct Way {
    Stream& from;
    Stream& to;
    Buffer& buffer;
    std::size_t kept;
    End when_from_fails;
    End when_to_fails;
    bool masked;  // as a client's frames are
    http::WebSocketFrames frames{};
    std::uint64_t bytes = 0;
    asio::cancellation_signal stop_reading{};
  };

  Awaitable<> relay(Way& way);
  Awaitable<bool> pass_buffered(Way& way);
  Awaitable<> write_close(Way& way);
  Awaitable<> discard(Stream& from, Buffer& scrap, std::size_t kept);
  void wait_at_most() noexcept;
  void fail(End end);
  [[nodiscard]] bool leaving() const noexcept { return goodbye_ != Goodbye::none; }

  Session& session_;
  Way upstream_way_;
  Way client_way_;
  End end_ = End::closed;
  Goodbye goodbye_ = Goodbye::none;
};

}  // namespace postern::net
