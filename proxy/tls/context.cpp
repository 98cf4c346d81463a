#include "tls/context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>
#include <ctime>

namespace postern::tls {
namespace {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;

// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Bio reading(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate next_certificate(BIO* from) {
  return Certificate(PEM_read_bio_X509(from, nullptr, no_passphrase, nullptr));
}

std::string last_error() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "cannot be used";
}

// RFC 7301: a client that names protocols must have named ours.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, size, ours, sizeof ours - 1, offered, offered_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Context new_context(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method), [](SSL_CTX* old) { SSL_CTX_free(old); });
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_security_level(context.get(), 2);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A write may be cut short and go on from another buffer; idle connections keep no buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// Adds every certificate of `pem` to those that are trusted; says what is wrong with it.
std::optional<std::string> trust(SSL_CTX* context, std::string_view pem) {
  const Bio from = reading(pem);
  unsigned count = 0;
  while (const Certificate certificate = next_certificate(from.get())) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1) return last_error();
    ++count;
  }
  if (count == 0) return "holds no certificate";
  return std::nullopt;
}

std::optional<std::string> use_chain(SSL_CTX* context, std::string_view pem) {
  const Bio from = reading(pem);
  const Certificate own = next_certificate(from.get());
  if (!own) return "holds no certificate";
  if (SSL_CTX_use_certificate(context, own.get()) != 1) return last_error();
  while (const Certificate issuer = next_certificate(from.get())) {
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return last_error();
  }
  return std::nullopt;
}

std::optional<std::string> use_key(SSL_CTX* context, std::string_view pem) {
  const Key key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_passphrase, nullptr));
  if (!key) return "holds no private key that can be read without a passphrase";
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return "is not the key of that certificate";
  }
  return std::nullopt;
}

std::optional<std::string> demand_certificates(SSL_CTX* context, std::string_view pem) {
  if (auto problem = trust(context, pem)) return problem;
  const Bio from = reading(pem);
  while (const Certificate certificate = next_certificate(from.get())) {
    SSL_CTX_add_client_CA(context, certificate.get());
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return std::nullopt;
}

}  // namespace

std::variant<Context, Problem> make_server_context(const ServerParts& parts) {
  ERR_clear_error();
  Context context = new_context(TLS_server_method());
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  // Sessions are resumed by tickets alone: nothing is kept here, and no lock is taken for it.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  static constexpr unsigned char session_context[] = "postern";
  SSL_CTX_set_session_id_context(context.get(), session_context, sizeof session_context - 1);

  using Part = Problem::Part;
  auto problem = use_chain(context.get(), parts.certificate_chain);
  if (problem) return Problem{Part::certificate_chain, *problem};
  problem = use_key(context.get(), parts.private_key);
  if (problem) return Problem{Part::private_key, *problem};
  if (!parts.client_ca.empty()) {
    problem = demand_certificates(context.get(), parts.client_ca);
    if (problem) return Problem{Part::client_ca, *problem};
  }
  // Running out of certificates is reported as an error too.
  ERR_clear_error();
  return context;
}

std::variant<Context, std::string> make_client_context(std::string_view ca) {
  ERR_clear_error();
  Context context = new_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (ca.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (auto problem = trust(context.get(), ca)) {
    return *problem;
  }
  ERR_clear_error();
  return context;
}

std::int64_t not_after(SSL_CTX& context) noexcept {
  const X509* const certificate = SSL_CTX_get0_certificate(&context);
  if (certificate == nullptr) return 0;
  std::tm utc{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1) return 0;
  return ::timegm(&utc);
}

}  // namespace postern::tls
