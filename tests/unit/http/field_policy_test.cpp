#include "http/field_policy.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

using namespace postern::http;

TEST_CASE("a field has the class of its name in every spelling that a backend may fold into it") {
  struct {
    std::string_view name;
    FieldName known;
    FieldClass field_class;
  } const cases[] = {
      {"Connection", FieldName::connection, FieldClass::hop_by_hop},
      {"PROXY-connection", FieldName::proxy_connection, FieldClass::hop_by_hop},
      {"http2-settings", FieldName::http2_settings, FieldClass::hop_by_hop},
      {"HTTP2_Settings", FieldName::unknown, FieldClass::hop_by_hop},
      {"te", FieldName::te, FieldClass::hop_by_hop},
      {"host", FieldName::host, FieldClass::host},
      {"content-length", FieldName::content_length, FieldClass::content_length},
      {"Content_Length", FieldName::unknown, FieldClass::content_length},
      {"Transfer_Encoding", FieldName::unknown, FieldClass::transfer_encoding},
      {"Authorization", FieldName::authorization, FieldClass::authorization},
      {"X-Request-ID", FieldName::unknown, FieldClass::x_request_id},
      {"X_Request_Id", FieldName::unknown, FieldClass::x_request_id},
      {"x-forwarded-for", FieldName::unknown, FieldClass::x_forwarded_for},
      {"X-Forwarded_Proto", FieldName::unknown, FieldClass::x_forwarded_proto},
      {"X-Postern-Identity", FieldName::unknown, FieldClass::signed_identity},
      {"x_postern-OVERRIDE", FieldName::unknown, FieldClass::override_mark},
      {"X-Real-IP", FieldName::unknown, FieldClass::x_real_ip},
      {"x_real_ip", FieldName::unknown, FieldClass::x_real_ip},
      {"X-Forwarded-User", FieldName::unknown, FieldClass::x_forwarded_other},
      {"x_forwarded_a-name-longer-than-all-others", FieldName::unknown, FieldClass::x_forwarded_other},
      {"X-Forwarded-", FieldName::unknown, FieldClass::other},
      {"X-Forwarder-User", FieldName::unknown, FieldClass::other},
      {"Sec-WebSocket-Protocol", FieldName::sec_websocket_protocol, FieldClass::websocket_protocol},
      {"Sec_WebSocket_Protocol", FieldName::unknown, FieldClass::websocket_protocol},
      {"Accept", FieldName::accept, FieldClass::other},
      {"Warning", FieldName::warning, FieldClass::other},
      {"X-User-Id", FieldName::unknown, FieldClass::other},
      {"X-A-Name-Longer-Than-All-Others", FieldName::unknown, FieldClass::other},
      {"", FieldName::unknown, FieldClass::other},
  };
  for (const auto& test : cases) {
    CAPTURE(test.name);
    const Field field(test.name, "v");
    CHECK(field.known == test.known);
    CHECK(field.field_class == test.field_class);
  }
}

TEST_CASE("a name is guarded in every spelling, one that Beast knows too") {
  const std::vector<std::string> more = {"X-User-Role", "From"};
  for (const std::string_view name :
       {"X-User-Id", "x_user_id", "X-USER_ROLE", "x-user-role", "From", "FROM"}) {
    CAPTURE(name);
    CHECK(is_guarded(name, "X-User-Id", more));
  }
  for (const std::string_view name : {"X-User", "X-User-Roles", "X-User-Rol", "Form", ""}) {
    CAPTURE(name);
    CHECK_FALSE(is_guarded(name, "X-User-Id", more));
  }
  CHECK_FALSE(is_guarded("X-User-Role", "X-User-Id", {}));
}
