#include "relay/exchange/spliced_body.hpp"

namespace postern::relay {

using transport::Awaitable;
using transport::error_code;
namespace asio = transport::asio;

namespace {

// Two connections that are never waited for would have the thread for themselves.
constexpr unsigned most_in_a_row = 8;

}  // namespace

std::unique_ptr<SplicedBody> SplicedBody::make(ClientConnection& connection, transport::Stream& from,
                                               transport::Stream& to, std::uint64_t left) {
  if (left < worth_it || from.is_encrypted() || to.is_encrypted()) return nullptr;
  auto pipe = connection.context.pipes.borrow();
  if (!pipe) return nullptr;
  return std::make_unique<SplicedBody>(connection, from, to, std::move(pipe));
}

SplicedBody::SplicedBody(ClientConnection& connection, transport::Stream& from, transport::Stream& to,
                         std::unique_ptr<transport::SplicePipe> pipe) noexcept
    : connection_(connection), from_(from), to_(to), pipe_(std::move(pipe)) {}

SplicedBody::~SplicedBody() {
  connection_.context.pipes.give_back(std::move(pipe_));
}

Awaitable<SplicedBody::End> SplicedBody::run(const ExchangePlan& plan, Wait read, Wait send,
                                             std::uint64_t& left) {
  unsigned in_a_row = 0;
  bool moved = true;
  while (left != 0 || pipe_->size() != 0) {
    // Called off while nothing was waited for.
    if (plan.over()) co_return End{Side::to, asio::error::operation_aborted};
    const bool filling = pipe_->size() == 0;
    // What does not move puts no deadline off.
    if (moved) connection_.wait(plan.patience_for(filling ? read : send));
    const std::size_t before = pipe_->size();
    error_code error = filling ? pipe_->fill(from_, left) : pipe_->drain(to_);
    const bool stuck = error == asio::error::would_block;
    // Where TCP's urgent data is in the way, splice() takes nothing of what is here, or calls it the end.
    if (filling && (error == asio::error::eof || (stuck && !moved)))
      co_return End{Side::neither, asio::error::would_block};
    moved = !stuck;
    if (stuck) {
      in_a_row = 0;
      if (filling) {
        std::tie(error) = co_await from_.wait_readable();
      } else {
        std::tie(error) = co_await to_.wait_writable();
      }
    } else if (filling) {
      left -= pipe_->size();
    } else {
      sent_ += before - pipe_->size();
    }
    if (error) co_return End{filling ? Side::from : Side::to, error};
    if (++in_a_row == most_in_a_row) {
      in_a_row = 0;
      co_await asio::post(connection_.context.executor, transport::use_tuple);
    }
  }
  co_return End{};
}

}  // namespace postern::relay
