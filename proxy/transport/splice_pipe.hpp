#pragma once
// A pipe that carries bytes from one socket to another within the kernel (splice(2)): a large body costs no
// copy into this process and out again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "transport/stream.hpp"

namespace postern::transport {

// Owns its two descriptors.
class SplicePipe {
 public:
  // Not open where the process may have no more descriptors.
  SplicePipe() noexcept;
  ~SplicePipe();
  SplicePipe(const SplicePipe&) = delete;
  SplicePipe& operator=(const SplicePipe&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return read_end_ >= 0; }
  // Bytes that are in it.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // Takes at most `most` bytes out of a plain connection, as many as are here and fit; would_block: none are
  // here. eof when the peer ended its side in order.
  error_code fill(Stream& from, std::uint64_t most) noexcept;
  // Gives a plain connection what it takes of them now; would_block: nothing.
  error_code drain(Stream& to) noexcept;

 private:
  int read_end_ = -1;
  int write_end_ = -1;
  std::size_t size_ = 0;
};

// A thread's pipes, made when they are first wanted.
class SplicePipes {
 public:
  // Two descriptors each; a transfer that finds none left is copied.
  static constexpr std::size_t most = 16;

  SplicePipes() { idle_.reserve(most); }

  // Null: none is to be had. Owned by the caller.
  std::unique_ptr<SplicePipe> borrow();
  // One that still holds bytes is closed.
  void give_back(std::unique_ptr<SplicePipe> pipe);

 private:
  std::vector<std::unique_ptr<SplicePipe>> idle_;
  std::size_t borrowed_ = 0;
};

}  // namespace postern::transport
