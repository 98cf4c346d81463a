#include "command/obtain_key_set.hpp"

#include <exception>
#include <utility>

#include "keys/fetch_key_set.hpp"

namespace postern::command {

namespace asio = transport::asio;

std::variant<token::JwkSet, std::string> obtain_key_set(const config::KeySetSource& source,
                                                        const tls::Context& context) {
  asio::io_context io(1);
  transport::Deadlines deadlines(io.get_executor());
  transport::Connector connector(io.get_executor(),
                                 config::TcpEndpoint{source.address.host, source.address.port},
                                 source.address.tls ? context : tls::Context());
  keys::KeySetFetch fetched;
  std::exception_ptr failure;
  asio::co_spawn(io.get_executor(), keys::fetch_key_set(connector, deadlines, source.address),
                 [&](std::exception_ptr thrown, keys::KeySetFetch got) {
                   failure = std::move(thrown);
                   fetched = std::move(got);
                   io.stop();
                 });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(fetched.result);
}

}  // namespace postern::command
