#pragma once
// One request forwarded and its response relayed: both bodies stream through fixed buffers, each side as fast
// as the other takes it.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gate/judge.hpp"
#include "net/session.hpp"

namespace postern::net {

class Exchange {
 public:
  struct Result {
    gate::Answer answer = gate::Answer::none;  // none: the response was relayed, or the client is gone
    std::string_view reason = "ok";            // static, or the workspace's
    unsigned status = 0;                       // relayed to the client; 0: none was
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    Clock::duration upstream_time{};
    After after = After::close;
  };

  Exchange(Session& session, const gate::Verdict& verdict);
  // result() is known then. The exchange must outlive the coroutine.
  Awaitable<> run();
  [[nodiscard]] Result result() const;

 private:
  // Why the exchange ended before its response did.
  enum class Failure : std::uint8_t {
    none,
    connect,             // no connection to the upstream
    upstream_closed,     // before a whole response head
    upstream_garbled,    // what came is not a response
    upstream_truncated,  // in the middle of the body
    response_timeout,
    stream_timeout,
    token_expired,  // POSTERN_CLOSE_AT_EXPIRY
    drained,        // POSTERN_DRAIN_TIMEOUT
    client_gone,
    body_malformed,
    body_too_large,
  };

  // The request's way: exchange.cpp, upload.cpp.
  void write_upstream_head();
  [[nodiscard]] bool take_idle_upstream();
  Awaitable<bool> connect_upstream();
  error_code send_first() noexcept;
  Awaitable<> run_whole();
  Awaitable<> run_streaming();
  Awaitable<> upload();
  Awaitable<bool> read_more_body();
  [[nodiscard]] bool gather_sized();
  [[nodiscard]] bool gather_chunked();

  // The response's way: download.cpp.
  Awaitable<> download();
  Awaitable<bool> read_final_head();
  Awaitable<bool> pass_interim();
  bool note_read(const ReadResult& result) noexcept;
  Awaitable<bool> read_more_response();
  Awaitable<bool> write_client();
  Awaitable<bool> write_client(std::span<asio::const_buffer> pieces);
  [[nodiscard]] bool relay_at_once();
  Awaitable<> relay_response();
  void gather_sized_response();
  Awaitable<bool> relay_sized();
  Awaitable<bool> relay_chunked();
  Awaitable<bool> relay_until_close();
  void write_client_head();
  Awaitable<> run_tunnel();

  void fail(Failure failure);
  // The deadline that passed says what went wrong; `otherwise` if none did.
  void fail_by_deadline(Failure otherwise);
  void finish();
  [[nodiscard]] bool may_retry() const noexcept;

  static constexpr std::size_t most_pieces = Workspace::most_pieces;

  Session& session_;
  Worker& worker_;
  Workspace& work_;
  const gate::Verdict& verdict_;
  const std::size_t head_size_;

  Workspace::Pieces& up_;
  Workspace::Pieces& down_;
  std::size_t up_count_ = 0;
  std::size_t down_count_ = 0;
  std::size_t up_taken_ = 0;                 // bytes of from_client that the buffers in up_ stand for
  std::span<asio::const_buffer> up_left_;    // of the first write, in up_
  std::span<asio::const_buffer> down_left_;  // likewise in down_
  std::array<char, 20> up_chunk_header_;
  std::array<char, 20> down_chunk_header_;

  Failure failure_ = Failure::none;
  bool whole_ = false;             // the request, body included, was here before anything was sent
  bool reused_ = false;            // the upstream connection carried a request before
  bool unsent_ = false;            // not a byte of the request could be sent on it
  bool body_done_ = false;         // the request body is sent whole
  bool body_gathered_ = false;     // its last piece is in up_
  bool upload_stuck_ = false;      // the upstream takes no more of it
  bool response_seen_ = false;     // a byte of a response came
  bool interim_unsent_ = false;    // the client may have a part of an interim head, and not the rest
  bool response_started_ = false;  // the client has (part of) the final head
  bool end_is_framed_ = false;     // the client can tell a cut response from a whole one
  bool response_done_ = false;
  bool keep_client_ = false;
  bool upstream_ended_cleanly_ = false;
  unsigned interim_ = 0;
  std::uint64_t body_left_ = 0;      // Content-Length bytes still to send
  std::uint64_t response_left_ = 0;  // and still to gather for the client
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  Clock::time_point sent_at_{};
  Clock::duration upstream_time_{};
};

}  // namespace postern::net
