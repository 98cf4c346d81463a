#pragma once
// What the upstream sends, and what the plan makes of a read that failed.

#include <string>

#include "relay/client_connection.hpp"
#include "relay/exchange/exchange_plan.hpp"
#include "relay/exchange/upload.hpp"

namespace postern::relay {

class UpstreamReader {
 public:
  UpstreamReader(ClientConnection& connection, ExchangePlan& plan, const Upload& upload) noexcept
      : connection_(connection), plan_(plan), upload_(upload) {}

  // The next bytes into the buffer, behind what is left there; go_on, or what the plan says of the failure.
  // `awaited`: the connection was quiet when the request went, so that they cannot be here yet.
  transport::Awaitable<Action> read(bool awaited = false);
  // Nothing was read: what that means.
  Action on_error(const transport::error_code& error) noexcept;
  // What the system says of how the connection failed; empty: nothing.
  [[nodiscard]] std::string problem() const;

 private:
  ClientConnection& connection_;
  ExchangePlan& plan_;
  const Upload& upload_;
  transport::error_code error_;
};

}  // namespace postern::relay
