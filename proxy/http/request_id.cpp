#include "http/request_id.hpp"

#include <algorithm>

namespace postern::http {

bool sane_request_id(std::string_view id) noexcept {
  constexpr auto sane = [](char byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '_' || byte == ':' || byte == '-';
  };
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), sane);
}

}  // namespace postern::http
