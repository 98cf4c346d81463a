#pragma once
// The memory of one request in flight. A connection borrows it from its thread's pool when a request's first
// byte is there and gives it back when idle, so that an idle connection costs its socket and little else.

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/message_parser.hpp"
#include "route/target.hpp"
#include "transport/asio.hpp"
#include "transport/connector.hpp"

namespace postern::relay {

// Bytes received and not yet used: filled at the end, taken from the front. The memory never moves, and is
// the system's again with the end of this: what the heap takes back it keeps, between the small things that
// connections hold for long.
class Buffer {
 public:
  // Throws std::bad_alloc.
  explicit Buffer(std::size_t capacity);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::string_view data() const noexcept { return {storage_ + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::span<char> room() noexcept { return {storage_ + end_, capacity_ - end_}; }
  void filled(std::size_t bytes) noexcept { end_ += bytes; }
  void take(std::size_t bytes) noexcept { begin_ += bytes; }
  // Everything taken is forgotten, but for the first `keep` bytes of the storage, which views still look at.
  void rewind(std::size_t keep = 0) noexcept;
  void clear() noexcept { begin_ = end_ = 0; }

 private:
  char* storage_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

struct RequestBuffers {
  // Bytes for bodies beside the largest head.
  static constexpr std::size_t body_bytes = 32768;

  // Of a body, written at once.
  static constexpr std::size_t most_pieces = 16;
  using Pieces = std::array<transport::asio::const_buffer, most_pieces + 4>;

  explicit RequestBuffers(std::size_t max_header_bytes);
  // As new, but with the memory it has. A buffer that one odd request blew up is given back.
  void reset();

  Buffer from_client;
  Buffer from_upstream;
  http::RequestParser request_parser;
  http::ResponseParser response_parser;
  http::RequestHead request;
  http::ResponseHead response;
  route::Target target;
  std::string claim_fields;  // the lines of the claim headers
  std::string to_upstream;   // a head, a trailer section
  std::string to_client;
  Pieces up;    // what is being written to the upstream
  Pieces down;  // and to the client
  transport::Connector::Failure connect_failure;
};

// One per thread.
class RequestBuffersPool {
 public:
  explicit RequestBuffersPool(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes) {}

  std::unique_ptr<RequestBuffers> borrow();
  void give_back(std::unique_ptr<RequestBuffers> buffers);
  // Of a connection that has become quiet: more than a few of these are memory that nobody needs.
  void retire(std::unique_ptr<RequestBuffers> buffers);
  // So many are out that nobody should hold one while nothing comes.
  [[nodiscard]] bool is_scarce() const noexcept { return borrowed_ > most_held; }

 private:
  // Beyond these the memory goes back to the system.
  static constexpr std::size_t most_kept = 256;
  static constexpr std::size_t most_spare = 4;
  // Of connections that may have another request soon: each costs memory that others would share.
  static constexpr std::size_t most_held = 64;
  std::size_t borrowed_ = 0;
  std::size_t max_header_bytes_;
  std::vector<std::unique_ptr<RequestBuffers>> kept_;
};

}  // namespace postern::relay
