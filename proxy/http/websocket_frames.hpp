#pragma once
// The frame boundaries of one direction of a websocket (RFC 6455 5.2), followed without changing or judging a
// byte, so that a close frame can be put in between two frames.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace postern::http {

class WebSocketFrames {
 public:
  // Counts `bytes`, which were relayed, in.
  void advance(std::string_view bytes) noexcept;

  // No frame is under way: a control frame may be put in here, also between the fragments of a message (5.4).
  [[nodiscard]] bool at_boundary() const noexcept { return header_read_ == 0; }

  // How many of the leading `bytes`, which come next, belong to the frame under way; 0 at a boundary,
  // bytes.size() when it does not end within them.
  [[nodiscard]] std::size_t left_of_frame(std::string_view bytes) const noexcept;

  // A whole close frame of this direction has passed: nothing may follow it (5.5.1).
  [[nodiscard]] bool close_passed() const noexcept { return close_passed_; }

 private:
  std::size_t take(std::string_view bytes) noexcept;
  void read_header(unsigned char byte) noexcept;

  std::uint64_t payload_left_ = 0;  // of the frame under way, as far as its header is read
  std::uint8_t header_read_ = 0;    // bytes of its header so far, 2 to 14 when whole
  std::uint8_t length_left_ = 0;    // bytes to come of the extended payload length
  std::uint8_t mask_left_ = 0;      // bytes to come of the masking key
  bool close_ = false;              // it is a close frame
  bool close_passed_ = false;
};

// A close frame with a status code (7.4.1) and a reason in ASCII, cut off at the 123 bytes there is room for.
// Written into `storage`; returns the view of it. A server sends it unmasked, a client must mask it (5.3).
inline constexpr std::size_t server_close_frame_size = 2 + 125;
inline constexpr std::size_t client_close_frame_size = 2 + 4 + 125;
std::string_view server_close_frame(std::uint16_t code, std::string_view reason,
                                    std::span<char, server_close_frame_size> storage) noexcept;
std::string_view client_close_frame(std::uint16_t code, std::string_view reason,
                                    const std::array<unsigned char, 4>& mask,
                                    std::span<char, client_close_frame_size> storage) noexcept;

}  // namespace postern::http
