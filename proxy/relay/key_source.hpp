#pragma once
// Where a request asks for a key that its thread does not have. Who fetches keys is elsewhere.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "token/keys/keys.hpp"
#include "transport/asio.hpp"

namespace postern::relay {

// What a request lacks.
struct KeyWish {
  std::size_t set = 0;  // index into token::Keys::sets
  std::shared_ptr<const token::KeySet>
      judged_by;              // the key is not in it; where another is in force: judge again
  std::uint64_t earlier = 0;  // the fetch that the request waited for before; 0: none
};

struct KeyAnswer {
  enum class Outcome : std::uint8_t {
    fetched,  // the set was fetched after the request came: a key that is unknown now is none of the issuer's
    older,    // there is another set, but its fetch began before: judge, and ask again
    refused,  // it cannot be had in time
  };
  Outcome outcome = Outcome::refused;
  std::uint64_t fetch = 0;  // the number of that fetch
};

// How long a request waits for a key in all.
inline constexpr std::chrono::seconds longest_key_wait{2};

class KeySource {
 public:
  using Done = std::function<void(KeyAnswer)>;

  // From any thread. `done` runs once on `executor`, when the verifier there has what was fetched.
  virtual void want(KeyWish wish, const transport::Executor& executor, Done done) = 0;

 protected:
  ~KeySource() = default;
};

}  // namespace postern::relay
