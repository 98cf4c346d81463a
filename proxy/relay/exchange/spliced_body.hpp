#pragma once
// The rest of a large body of known length, moved from one connection to the other within the kernel.

#include <cstdint>
#include <memory>

#include "relay/client_connection.hpp"
#include "relay/exchange/exchange_plan.hpp"
#include "transport/splice_pipe.hpp"

namespace postern::relay {

class SplicedBody {
 public:
  // Below this the pipe costs more than the copies.
  static constexpr std::uint64_t worth_it = 131072;

  enum class Side : std::uint8_t { neither, from, to };
  // Which connection failed, and how; neither: the body is through.
  struct End {
    Side side = Side::neither;
    transport::error_code error;
  };

  // Null: this body is to be copied, because it is small, one side is under TLS, or no pipe is left.
  static std::unique_ptr<SplicedBody> make(ClientConnection& connection, transport::Stream& from,
                                           transport::Stream& to, std::uint64_t left);
  SplicedBody(ClientConnection& connection, transport::Stream& from, transport::Stream& to,
              std::unique_ptr<transport::SplicePipe> pipe) noexcept;
  ~SplicedBody();
  SplicedBody(const SplicedBody&) = delete;
  SplicedBody& operator=(const SplicedBody&) = delete;

  // Moves `left` bytes, and counts them down as they come. `read` and `send` are what the plan is asked for
  // before each wait.
  transport::Awaitable<End> run(const ExchangePlan& plan, Wait read, Wait send, std::uint64_t& left);
  // Bytes that the other side has taken.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

 private:
  ClientConnection& connection_;
  transport::Stream& from_;
  transport::Stream& to_;
  std::unique_ptr<transport::SplicePipe> pipe_;
  std::uint64_t sent_ = 0;
};

}  // namespace postern::relay
