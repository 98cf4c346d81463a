#pragma once
// Where a request asks for a key that its thread does not have. Who fetches keys is elsewhere.

#include <cstddef>
#include <cstdint>
#include <functional>

#include "transport/asio.hpp"

namespace postern::relay {

struct KeyAnswer {
  enum class Outcome : std::uint8_t {
    fetched,  // the set was fetched after the request came: a key that is unknown now is none of the issuer's
    older,    // it was fetched, but by a fetch that had begun before: judge, and ask again
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

  // From any thread. `set` is an index into token::Keys::sets, `earlier` the fetch that the request waited
  // for before; 0: none. `done` runs once on `executor`, when the verifier there has what was fetched.
  virtual void want(std::size_t set, std::uint64_t earlier, const transport::Executor& executor,
                    Done done) = 0;

 protected:
  ~KeySource() = default;
};

}  // namespace postern::relay
