#pragma once
// One request of a connection: its head, the judgement, the answer or the exchange, the record.

#include "relay/client_connection.hpp"

namespace postern::relay {

// `connection` holds buffers, with the first bytes of the request in them or still to come.
transport::Awaitable<ClientFate> serve_request(ClientConnection& connection);

}  // namespace postern::relay
