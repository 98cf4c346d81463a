#include "transport/splice_pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace postern::transport {
namespace {

// A pipe holds 64 KiB as it comes; a larger one would be taken from what the user may have of them.
constexpr std::uint64_t most_at_once = 65536;

ssize_t splice_some(int from, int to, std::size_t most) noexcept {
  ssize_t count = 0;
  do {
    count = ::splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (count < 0 && errno == EINTR);
  return count;
}

error_code last_error() noexcept {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return asio::error::would_block;
  return {errno, boost::system::system_category()};
}

}  // namespace

SplicePipe::SplicePipe() noexcept {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return;
  read_end_ = ends[0];
  write_end_ = ends[1];
}

SplicePipe::~SplicePipe() {
  if (!is_open()) return;
  ::close(read_end_);
  ::close(write_end_);
}

error_code SplicePipe::fill(Stream& from, std::uint64_t most) noexcept {
  const auto count =
      splice_some(from.descriptor(), write_end_, static_cast<std::size_t>(std::min(most, most_at_once)));
  if (count < 0) return last_error();
  if (count == 0) return asio::error::eof;
  size_ += static_cast<std::size_t>(count);
  return {};
}

error_code SplicePipe::drain(Stream& to) noexcept {
  const auto count = splice_some(read_end_, to.descriptor(), size_);
  if (count < 0) return last_error();
  size_ -= static_cast<std::size_t>(count);
  return {};
}

std::unique_ptr<SplicePipe> SplicePipes::borrow() {
  std::unique_ptr<SplicePipe> pipe;
  if (!idle_.empty()) {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  } else if (borrowed_ < most) {
    pipe = std::make_unique<SplicePipe>();
    if (!pipe->is_open()) return nullptr;
  } else {
    return nullptr;
  }
  ++borrowed_;
  return pipe;
}

void SplicePipes::give_back(std::unique_ptr<SplicePipe> pipe) {
  --borrowed_;
  if (pipe->size() == 0) idle_.push_back(std::move(pipe));
}

}  // namespace postern::transport
