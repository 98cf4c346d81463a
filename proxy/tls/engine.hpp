#pragma once
// One TLS connection over a non-blocking socket: each call does what it can at once and says what it waits
// for.

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tls/context.hpp"

namespace postern::tls {

// A session that a later connection to the same server may resume.
using Session = std::shared_ptr<SSL_SESSION>;

// What tells one certificate from all others, and how long it is good.
struct PeerCertificate {
  std::array<unsigned char, 32> sha256{};  // of its DER
  std::int64_t not_after = 0;              // Unix seconds
};

enum class Outcome : std::uint8_t {
  done,
  wants_read,   // call again when the socket is readable
  wants_write,  // call again when the socket is writable
  closed,       // the peer has ended its side properly (close_notify)
  failed,       // protocol error, unverified certificate, or the connection broke off
};

class Engine {
 public:
  Engine() = default;

  // `descriptor` stays the caller's and must outlive the engine's calls.
  static Engine server(const Context& context, int descriptor);
  // Verifies that the certificate is for `host`, a name or a literal address (RFC 9525); `resumed` may be
  // empty.
  static Engine client(const Context& context, int descriptor, const std::string& host,
                       const Session& resumed);

  [[nodiscard]] explicit operator bool() const noexcept { return ssl_ != nullptr; }

  Outcome handshake() noexcept;
  // done: `count` > 0 bytes were read.
  Outcome read(std::span<char> room, std::size_t& count) noexcept;
  // After wants_write the same bytes, from wherever, must be given again.
  Outcome write(std::string_view bytes, std::size_t& count) noexcept;
  // wants_read: open, and nothing to read. done: there is.
  Outcome peek() noexcept;
  // Tells the peer that no more will come. wants_write: not yet, call again when the socket is writable.
  Outcome close_notify() noexcept;

  // Why the handshake failed: "self-signed certificate", "no shared cipher"; static text.
  [[nodiscard]] std::string_view failure() const noexcept;
  [[nodiscard]] bool certificate_refused() const noexcept;
  [[nodiscard]] bool made_of(const Context& context) const noexcept {
    return SSL_get_SSL_CTX(ssl_.get()) == context.get();
  }
  [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }
  // The one that the handshake verified, also where the session was resumed; nothing: the peer showed none.
  [[nodiscard]] std::optional<PeerCertificate> peer_certificate() const noexcept;
  // Empty when there is none to resume.
  [[nodiscard]] Session session() const noexcept;

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  Engine(const Context& context, int descriptor);
  Outcome outcome_of(int result) noexcept;
  // Nothing more may be asked of it, not even to say goodbye.
  [[nodiscard]] bool unusable() const noexcept { return !ssl_ || broken_; }

  std::unique_ptr<SSL, Free> ssl_;
  bool broken_ = false;
  bool write_failed_ = false;  // takes no more, but may have said something
  unsigned long error_ = 0;
};

}  // namespace postern::tls
