#pragma once
// The life of one client connection: one coroutine that reads top to bottom.

#include <optional>

#include "net/peer.hpp"
#include "net/stream.hpp"
#include "net/worker.hpp"

namespace postern::net {

class Tunnel;

// How a connection goes on after a request.
enum class After : std::uint8_t {
  keep,    // the next request
  close,   // nothing more can be said
  linger,  // our answer is out, but the client may still be sending: let it read before the connection goes
};

class Session final : public Timed {
 public:
  Session(Worker& worker, Stream client, Peer peer);
  ~Session();

  // Serves requests until the connection ends, or has been idle for so long that it should rest: then for how
  // long at most. `opened`: what comes before the first request is over, and a request is here. The session
  // must outlive the coroutine.
  Awaitable<std::optional<Clock::duration>> run(bool opened);

  // Arms the deadline. In Phase::stream the token's end counts too, when the settings ask for that.
  void wait_at_most(Phase phase, Clock::duration duration) noexcept;
  // The phase whose deadline passed since the last wait_at_most(); none if it did not.
  [[nodiscard]] Phase expired() const noexcept { return expired_; }
  void end_streams_at(std::int64_t unix_seconds) noexcept;

  void on_deadline(Phase phase) override;
  void on_drain() override;

  Worker& worker;
  Stream client;
  Stream upstream;
  Peer peer;
  std::unique_ptr<Workspace> workspace;
  Tunnel* tunnel = nullptr;  // while one is open

 private:
  enum class HeadOutcome : std::uint8_t { complete, refused, incomplete, timed_out, gone };

  Awaitable<bool> open();
  void begin_to_wait(Clock::duration at_most) noexcept;
  [[nodiscard]] bool may_rest() const noexcept;
  Awaitable<> linger();

  // One request: serving.cpp.
  Awaitable<After> serve_request();
  [[nodiscard]] HeadOutcome parse_head();
  Awaitable<HeadOutcome> read_rest_of_head();
  void choose_request_id() noexcept;
  [[nodiscard]] bool skip_buffered_body() noexcept;
  Awaitable<After> answer(gate::Answer answer, observe::AccessRecord& record, bool must_close);

  Phase expired_ = Phase::none;
  bool idle_ = false;
  RequestIds::Id own_request_id_{};
  std::string_view request_id_;
  std::optional<Clock::time_point> streams_end_;

 public:
  [[nodiscard]] std::string_view request_id() const noexcept { return request_id_; }
};

}  // namespace postern::net
