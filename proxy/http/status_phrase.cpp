#include "http/status_phrase.hpp"

#include "http/beast_vocabulary.hpp"

namespace postern::http {

std::string_view status_phrase(unsigned status) noexcept {
  // RFC 9110 15.5.14. Beast has the name of RFC 7231.
  if (status == 413) return "Content Too Large";
  const auto phrase = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {phrase.data(), phrase.size()};
}

}  // namespace postern::http
