#pragma once
// A request waits for a key that may be on its way.

#include <string_view>

#include "relay/client_connection.hpp"
#include "relay/request/judgement.hpp"

namespace postern::relay {

// A token that lacks its key may get it from a fetch: waits for it, for longest_key_wait in all, and judges
// anew. `judgement` stands where no key comes, and where the connection's wait is called off, as
// interrupted() then says. Counts what became of it. `client`: the address that failures are counted for.
transport::Awaitable<> judge_with_new_keys(ClientConnection& connection, Judgement& judgement,
                                           std::string_view client);

}  // namespace postern::relay
