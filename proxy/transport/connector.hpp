#pragma once
// Makes connections to one server, at the addresses that its name has now.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "transport/name_lookup.hpp"
#include "transport/stream.hpp"
#include "transport/timeouts.hpp"

namespace postern::transport {

class Connector {
 public:
  using Address = Protocol::endpoint;

  struct Failure {
    std::string reason;   // "upstream unreachable", "upstream TLS: self-signed certificate"; empty: none
    std::string address;  // the last one that was tried, as text; empty: there was none
    std::string problem;  // the system's words: "Connection refused"
  };

  // Null `context`: without TLS.
  Connector(const Executor& executor, config::Endpoint server, tls::Context context);

  // Opens `stream` to the first address that answers, TLS included, each in turn within `timeout`; `timed` is
  // armed with DeadlineKind::connect for each try and is to close the stream. Where none answers, the name is
  // looked up anew: its owner may have moved. Sets `connected` to the address.
  Awaitable<Failure> connect(Stream& stream, Address& connected, Timed& timed, Clock::duration timeout);

  // Looks the name up again where that was last done 30 s ago. The caller does not wait: what is known stays
  // in use until something better is.
  void follow_name();
  // Whether the server's name still has this address.
  [[nodiscard]] bool is_current(const Address& address) const noexcept;
  // Called after each look-up that brought addresses.
  void on_addresses(std::function<void()> listener) { listener_ = std::move(listener); }

  [[nodiscard]] const Executor& executor() const noexcept { return executor_; }
  [[nodiscard]] const tls::Context& context() const noexcept { return context_; }
  void use_context(tls::Context context);
  // The session of a connection that worked is resumed by the next one.
  void remember_session(const Stream& stream);
  // Nobody waits for a look-up any more.
  void stop_waiting();

 private:
  using Addresses = NameLookup::Addresses;
  static constexpr std::chrono::seconds resolve_again_after{30};
  // Where nothing answers, and a look-up has brought nothing new.
  static constexpr std::chrono::seconds look_again_after{1};

  // Starts a look-up unless one is under way; wakes those that wait for its end.
  void refresh_addresses();
  void use_addresses(Addresses found);
  Awaitable<> wait_for_addresses(Clock::duration at_most);
  Awaitable<Failure> connect_to_one_of(Addresses addresses, Stream& stream, Address& connected, Timed& timed,
                                       Clock::duration timeout);
  Awaitable<Failure> start_tls(Stream& stream);

  Executor executor_;
  config::Endpoint server_;
  tls::Context context_;
  tls::Session session_;
  NameLookup lookup_;
  std::function<void()> listener_;
  std::vector<Timer*> waiting_;
  bool may_wait_ = true;
  bool named_ = false;  // not a literal address, not a socket's path
  std::optional<CoarseClock::time_point> resolved_at_;
  Clock::time_point look_again_from_{};
  Addresses addresses_;  // the one that answered last comes first
};

std::string to_string(const Connector::Address& address);  // "10.0.0.1:8000", "[::1]:8000", "unix:/path"

}  // namespace postern::transport
