#include "tls/engine.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <new>

namespace postern::tls {

Engine::Engine(const Context& context, int descriptor) : ssl_(SSL_new(context.get())) {
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor) != 1) throw std::bad_alloc();
}

Engine Engine::server(const Context& context, int descriptor) {
  Engine engine(context, descriptor);
  SSL_set_accept_state(engine.ssl_.get());
  return engine;
}

Engine Engine::client(const Context& context, int descriptor, const std::string& host,
                      const Session& resumed) {
  Engine engine(context, descriptor);
  SSL* ssl = engine.ssl_.get();
  SSL_set_connect_state(ssl);
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // RFC 6066 3: literal addresses are not sent as a server name.
  const bool literal = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  const bool named =
      literal || (SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1);
  if (!named) throw std::bad_alloc();
  if (resumed) SSL_set_session(ssl, resumed.get());
  ERR_clear_error();
  return engine;
}

Outcome Engine::outcome_of(int result) noexcept {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Outcome::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return Outcome::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::closed;
    default:
      break;
  }
  error_ = ERR_peek_error();
  ERR_clear_error();
  broken_ = true;
  return Outcome::failed;
}

Outcome Engine::handshake() noexcept {
  if (unusable()) return Outcome::failed;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Outcome::done : outcome_of(result);
}

Outcome Engine::read(std::span<char> room, std::size_t& count) noexcept {
  if (unusable()) return Outcome::failed;
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &count);
  return result == 1 ? Outcome::done : outcome_of(result);
}

Outcome Engine::write(std::string_view bytes, std::size_t& count) noexcept {
  if (unusable() || write_failed_) return Outcome::failed;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  if (result == 1) return Outcome::done;
  // The peer has closed: what it said before that can still be read.
  write_failed_ = SSL_get_error(ssl_.get(), result) == SSL_ERROR_SYSCALL;
  return write_failed_ ? Outcome::failed : outcome_of(result);
}

Outcome Engine::peek() noexcept {
  if (unusable()) return Outcome::failed;
  ERR_clear_error();
  char byte;
  std::size_t count = 0;
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &count);
  return result == 1 ? Outcome::done : outcome_of(result);
}

Outcome Engine::close_notify() noexcept {
  if (unusable() || write_failed_ || !SSL_is_init_finished(ssl_.get())) return Outcome::failed;
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_.get());
  const bool later = result < 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE;
  ERR_clear_error();
  return later ? Outcome::wants_write : Outcome::done;
}

bool Engine::certificate_refused() const noexcept {
  return ssl_ && SSL_get_verify_result(ssl_.get()) != X509_V_OK;
}

std::string_view Engine::failure() const noexcept {
  if (certificate_refused()) return X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
  const char* reason = ERR_reason_error_string(error_);
  return reason != nullptr ? reason : "connection closed";
}

std::optional<PeerCertificate> Engine::peer_certificate() const noexcept {
  const X509* const certificate = ssl_ ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  if (certificate == nullptr || certificate_refused()) return std::nullopt;
  PeerCertificate peer;
  unsigned size = 0;
  std::tm ends{};
  const bool known = X509_digest(certificate, EVP_sha256(), peer.sha256.data(), &size) == 1 &&
                     ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &ends) == 1;
  ERR_clear_error();
  if (!known) return std::nullopt;
  peer.not_after = ::timegm(&ends);
  return peer;
}

Session Engine::session() const noexcept {
  SSL_SESSION* session = SSL_get1_session(ssl_.get());
  if (session == nullptr) return nullptr;
  Session owned(session, [](SSL_SESSION* old) { SSL_SESSION_free(old); });
  return SSL_SESSION_is_resumable(session) == 1 ? owned : nullptr;
}

}  // namespace postern::tls
