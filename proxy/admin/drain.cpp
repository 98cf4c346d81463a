#include "admin/drain.hpp"

namespace postern::admin {

using transport::error_code;
namespace asio = transport::asio;

Drain::Drain(asio::io_context& context, Listener listener)
    : listener_(std::move(listener)),
      begins_(context, transport::Clock::time_point::max()),
      changed_(context, transport::Clock::time_point::max()) {}

void Drain::enter(DrainPhase phase) {
  phase_ = phase;
  changed_.cancel();
}

void Drain::announce(Duration after) {
  if (phase_ > DrainPhase::announced) return;
  const auto at = transport::Clock::now() + after;
  if (at >= begins_.expiry()) return;
  if (phase_ == DrainPhase::serving) enter(DrainPhase::announced);
  listener_.announced(after);
  begins_.expires_at(at);
  begins_.async_wait([this](const error_code& error) {
    if (!error) begin();
  });
}

void Drain::begin() {
  if (phase_ > DrainPhase::announced) return;
  begins_.cancel();
  enter(DrainPhase::refusing);
  listener_.begin();
}

void Drain::note_empty() {
  enter(DrainPhase::empty);
}

transport::Awaitable<> Drain::reached(DrainPhase phase) {
  while (phase_ < phase) co_await changed_.async_wait(transport::use_tuple);
}

}  // namespace postern::admin
