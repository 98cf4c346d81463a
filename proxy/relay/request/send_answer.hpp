#pragma once
// The gate's own answer to a request: to one that it refuses, and where the exchange with the upstream failed
// before the client heard anything.

#include "gate/answer.hpp"
#include "observe/log/access_record.hpp"
#include "relay/client_connection.hpp"
#include "relay/request/judgement.hpp"

namespace postern::relay {

// Writes `answer` from its first byte on, and notes its status and the size of its body in `record`, which
// knows the time and the request id. `must_close`: what is left of the request cannot be stepped over.
transport::Awaitable<ClientFate> send_answer(ClientConnection& connection, gate::Answer answer,
                                             const Judgement& judgement, observe::AccessRecord& record,
                                             bool must_close);

}  // namespace postern::relay
