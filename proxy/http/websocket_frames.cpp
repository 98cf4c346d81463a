#include "http/websocket_frames.hpp"

#include <algorithm>

namespace postern::http {
namespace {

constexpr unsigned final_fragment = 0x80;
constexpr unsigned close_opcode = 0x8;
constexpr unsigned masked = 0x80;
constexpr std::size_t longest_reason = 123;

char* write_start(std::size_t payload_size, unsigned mask_bit, char* out) noexcept {
  *out++ = static_cast<char>(final_fragment | close_opcode);
  *out++ = static_cast<char>(mask_bit | payload_size);
  return out;
}

char* write_payload(std::uint16_t code, std::string_view reason, char* out) noexcept {
  *out++ = static_cast<char>(code >> 8);
  *out++ = static_cast<char>(code & 0xFF);
  return std::copy(reason.begin(), reason.end(), out);
}

}  // namespace

void WebSocketFrames::advance(std::string_view bytes) noexcept {
  while (!bytes.empty()) bytes.remove_prefix(take(bytes));
}

std::size_t WebSocketFrames::left_of_frame(std::string_view bytes) const noexcept {
  if (at_boundary()) return 0;
  WebSocketFrames ahead = *this;
  return ahead.take(bytes);
}

// Reads the frame under way, or the next one, up to its end; returns how many of the bytes are its.
std::size_t WebSocketFrames::take(std::string_view bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (header_read_ < 2 || length_left_ > 0 || mask_left_ > 0) {
      read_header(static_cast<unsigned char>(bytes[at++]));
    } else {
      const std::size_t here = bytes.size() - at;
      const auto size = payload_left_ < here ? static_cast<std::size_t>(payload_left_) : here;
      payload_left_ -= size;
      at += size;
    }
    if (header_read_ >= 2 && length_left_ == 0 && mask_left_ == 0 && payload_left_ == 0) {
      close_passed_ = close_passed_ || close_;
      header_read_ = 0;
      return at;
    }
  }
  return at;
}

void WebSocketFrames::read_header(unsigned char byte) noexcept {
  if (header_read_ == 0) {
    close_ = (byte & 0x0F) == close_opcode;
  } else if (header_read_ == 1) {
    const unsigned length = byte & 0x7F;
    mask_left_ = (byte & masked) != 0 ? 4 : 0;
    length_left_ = length < 126 ? 0 : length == 126 ? 2 : 8;
    payload_left_ = length < 126 ? length : 0;
  } else if (length_left_ > 0) {
    payload_left_ = payload_left_ << 8 | byte;
    --length_left_;
  } else {
    --mask_left_;
  }
  ++header_read_;
}

std::string_view server_close_frame(std::uint16_t code, std::string_view reason,
                                    std::span<char, server_close_frame_size> storage) noexcept {
  reason = reason.substr(0, longest_reason);
  char* const payload = write_start(2 + reason.size(), 0, storage.data());
  return {storage.data(), write_payload(code, reason, payload)};
}

std::string_view client_close_frame(std::uint16_t code, std::string_view reason,
                                    const std::array<unsigned char, 4>& mask,
                                    std::span<char, client_close_frame_size> storage) noexcept {
  reason = reason.substr(0, longest_reason);
  char* const key = write_start(2 + reason.size(), masked, storage.data());
  char* const payload = std::copy(mask.begin(), mask.end(), key);
  char* const end = write_payload(code, reason, payload);
  for (char* byte = payload; byte != end; ++byte) {
    *byte = static_cast<char>(static_cast<unsigned char>(*byte) ^
                              mask[static_cast<std::size_t>(byte - payload) % 4]);
  }
  return {storage.data(), end};
}

}  // namespace postern::http
