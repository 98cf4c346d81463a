#include "http/message.hpp"

namespace postern::http {

Field::Field(std::string_view field_name, std::string_view field_value) noexcept
    : Field(field_name, field_value, boost::beast::http::string_to_field(field_name)) {}

void RequestHead::clear() {
  method = target = host = {};
  verb = boost::beast::http::verb::unknown;
  version = Version::http_1_1;
  fields.clear();
  framing = Framing::none;
  content_length = 0;
  connection.clear();
  keep_alive = true;
  expects_continue = websocket_upgrade = false;
}

void ResponseHead::clear() {
  version = Version::http_1_1;
  status = 0;
  reason = {};
  fields.clear();
  framing = Framing::none;
  content_length = 0;
  connection.clear();
  keep_alive = true;
  websocket_accepted = false;
}

}  // namespace postern::http
