#pragma once
// The value of a Date field (RFC 9110 5.6.7), written once a second.

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::relay {

class HttpDate {
 public:
  // Valid until the next call.
  std::string_view at(std::int64_t unix_seconds);

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

}  // namespace postern::relay
