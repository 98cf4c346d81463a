#include "config/unknown_names.hpp"

#include <doctest/doctest.h>

using namespace postern::config;

TEST_CASE("the links of any Service whose name begins with postern are Kubernetes'") {
  for (const std::string_view name :
       {"POSTERN_SERVICE_HOST", "POSTERN_SERVICE_PORT", "POSTERN_PORT_80_TCP", "POSTERN_ADMIN_SERVICE_HOST",
        "POSTERN_ADMIN_SERVICE_PORT", "POSTERN_ADMIN_SERVICE_PORT_HTTP", "POSTERN_ADMIN_PORT_9090_TCP",
        "POSTERN_ADMIN_PORT_9090_TCP_ADDR", "POSTERN_MY_PORT_PORT_53_UDP_PROTO",
        "POSTERN_A_PORT_36412_SCTP_PORT"}) {
    CAPTURE(name);
    CHECK(injected_by_kubernetes(name, "x"));
  }
  CHECK(injected_by_kubernetes("POSTERN_ADMIN_PORT", "tcp://10.0.0.1:9090"));
  CHECK(injected_by_kubernetes("POSTERN_ADMIN_PORT", "udp://10.0.0.1:9090"));
}

TEST_CASE("what a person wrote is not Kubernetes'") {
  for (const std::string_view name :
       {"POSTERN_ADMIN_PORT", "POSTERN_LISTEN_PORT", "POSTERN_ADMIN_PORT_TCP", "POSTERN_ADMIN_PORT_80_TCPX",
        "POSTERN_ADMIN_PORT_80", "OTHER_SERVICE_HOST"}) {
    CAPTURE(name);
    CHECK_FALSE(injected_by_kubernetes(name, "9090"));
  }
}

TEST_CASE("a name is suggested only where it is near") {
  struct Row {
    std::string_view written, meant;
  };
  for (const auto& [written, meant] : {
           Row{"POSTERN_UPSTRAEM", "POSTERN_UPSTREAM"},
           Row{"POSTERN_LISTEN_ADDRESS", "POSTERN_LISTEN"},
           Row{"POSTERN_USERPATHS", "POSTERN_USER_PATHS"},
           Row{"POSTERN_Log_Level", "POSTERN_LOG_LEVEL"},
           Row{"POSTERN_SECRET", "BETTER_AUTH_SECRET"},
           Row{"POSTERN_COLOUR", ""},
           Row{"POSTERN_X", ""},
           Row{"POSTERN_", ""},
       }) {
    CAPTURE(written);
    CHECK(suggestion_for(written) == meant);
  }
}

TEST_CASE("slips in Better Auth's names are found, and its other names are its own business") {
  CHECK(misspelt_better_auth("BETTER_AUTH_SECERT") == "BETTER_AUTH_SECRET");
  CHECK(misspelt_better_auth("BETTERAUTH_SECRET") == "BETTER_AUTH_SECRET");
  CHECK(misspelt_better_auth("BETTER_AUTH_URI") == "BETTER_AUTH_URL");
  for (const std::string_view right :
       {"BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS", "BETTER_AUTH_URL", "BETTER_AUTH_TELEMETRY",
        "BETTER_AUTH_TRUSTED_ORIGINS", "BETTER_AUTH_API_KEY", "BEST", "AUTH_SECRET", "PATH"}) {
    CAPTURE(right);
    CHECK(misspelt_better_auth(right).empty());
  }
}
