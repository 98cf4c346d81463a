#pragma once
// X-Postern-Identity: the gate's word that a request came through it, for a service that must not take a
// forged X-User-Id from whoever reaches it some other way. The field's value is
//
//   v1.<Unix seconds>.<base64url of HMAC-SHA256(key, message), 43 characters>
//
// and the message is six lines, with one LF between them and none behind: "postern-identity-v1", the same
// seconds, the uid (empty: forwarded without identity), the method, the target, X-Request-Id. None of them
// can hold an LF, so a message has one reading. The target is the path as sent upstream and, where the query
// is not empty, "?" and the query: frameworks tell "/x?" and "/x" apart no more.
//
// Where claim headers or overrides are configured the value begins with "v2." and the message with
// "postern-identity-v2"; behind the six lines stands a seventh, "true" with X-Postern-Override and empty
// without, and then a line "name:value" for each claim header that is sent, the name in lower case, ordered
// by name. A service therefore has to know which claim headers the gate writes; one that it reads and the
// gate does not write makes its message another one. Without them v1 stays, so that services that read v1 go
// on.

#include <cstdint>
#include <string>
#include <string_view>

#include "token/signature/hs256.hpp"

namespace postern::gate {

enum class IdentityVersion : std::uint8_t { v1, v2 };

inline constexpr std::string_view signed_identity_header = "X-Postern-Identity";

// What is signed, all as it is sent upstream. Views outlive the call.
struct SignedRequest {
  std::string_view uid;
  std::string_view method;
  std::string_view target;  // origin-form
  std::string_view request_id;
  // Of v2 alone. The lines are those of append_claim_fields(), in the order of the lower-case names.
  std::string_view claim_fields = {};
  bool overridden = false;
};

// Holds a crypto context and scratch memory, so one per thread.
class IdentitySigner {
 public:
  // Throws std::runtime_error when the key is empty or OpenSSL has no HMAC-SHA256.
  explicit IdentitySigner(std::string_view key, IdentityVersion version = IdentityVersion::v1)
      : key_(key), version_(version) {}

  // The field's value, good until the next call. Throws std::runtime_error when OpenSSL fails: better no
  // request than one that only seems to have gone round the gate.
  std::string_view sign(const SignedRequest& request, std::int64_t unix_seconds);

 private:
  token::Hs256Key key_;
  IdentityVersion version_;
  std::string message_;
  std::string value_;
};

}  // namespace postern::gate
