// The frames of a stream end where a reader of whole frames finds their ends, however the stream is cut.

#include "http/websocket_frames.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "require.hpp"

using namespace postern;
using fuzz::require;

namespace {

struct Reading {
  std::vector<std::size_t> ends;  // of the frames that are whole
  std::size_t first_close = SIZE_MAX;
};

// One frame after the other, each from its first byte.
Reading read(std::string_view stream) {
  Reading reading;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(stream[at]); };
  for (std::size_t at = 0; at + 2 <= stream.size();) {
    const bool closes = byte(at) % 16 == 8;
    const std::size_t mask_size = byte(at + 1) >= 128 ? 4 : 0;
    std::uint64_t payload = byte(at + 1) % 128;
    const std::size_t length_size = payload < 126 ? 0 : payload == 126 ? 2 : 8;
    at += 2;
    if (stream.size() - at < length_size + mask_size) break;
    if (length_size > 0) payload = 0;
    for (std::size_t i = 0; i < length_size; ++i) payload = payload * 256 + byte(at + i);
    at += length_size + mask_size;
    if (stream.size() - at < payload) break;
    at += static_cast<std::size_t>(payload);
    reading.ends.push_back(at);
    if (closes) reading.first_close = std::min(reading.first_close, at);
  }
  return reading;
}

// The boundary that is not before `at`, or the end of the stream.
std::size_t next_boundary(const Reading& reading, std::size_t at, std::size_t size) {
  if (at == 0) return 0;
  const auto end = std::lower_bound(reading.ends.begin(), reading.ends.end(), at);
  return end == reading.ends.end() ? size : *end;
}

void check(const http::WebSocketFrames& frames, const Reading& reading, std::string_view stream,
           std::size_t at) {
  const bool is_boundary = at == 0 || std::binary_search(reading.ends.begin(), reading.ends.end(), at);
  require(frames.at_boundary() == is_boundary, "the boundaries are those of whole frames");
  require(frames.close_passed() == (at >= reading.first_close),
          "a close frame has passed with its last byte");
  const std::size_t left = frames.left_of_frame(stream.substr(at));
  require(at + left == next_boundary(reading, at, stream.size()), "what is left leads to the next boundary");
}

void check_close_frame(std::string_view text, unsigned char seed) {
  const auto code = static_cast<std::uint16_t>(seed * 257);
  const std::array<unsigned char, 4> mask{seed, static_cast<unsigned char>(~seed), 0x5A, 0};
  const std::string payload =
      std::string{static_cast<char>(seed), static_cast<char>(seed)} + std::string(text.substr(0, 123));
  std::array<char, http::server_close_frame_size> server;
  std::array<char, http::client_close_frame_size> client;
  const std::string_view plain = http::server_close_frame(code, text, server);
  std::string masked(http::client_close_frame(code, text, mask, client));
  for (const std::string_view frame : {plain, std::string_view(masked)}) {
    const auto reading = read(frame);
    require(reading.ends == std::vector{frame.size()} && reading.first_close == frame.size(),
            "it is a close frame");
  }
  require(plain.substr(2) == payload, "it says the code and the reason");
  for (std::size_t i = 6; i < masked.size(); ++i)
    masked[i] = static_cast<char>(masked[i] ^ masked[2 + (i - 6) % 4]);
  require(masked.substr(6) == payload, "so it does unmasked");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto stream = fuzz::text_of(data + 1, size - 1);
  const auto reading = read(stream);

  http::WebSocketFrames bytewise;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    check(bytewise, reading, stream, at);
    bytewise.advance(stream.substr(at, 1));
  }
  check(bytewise, reading, stream, stream.size());

  const std::size_t step = 1 + data[0];
  http::WebSocketFrames pieces;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    check(pieces, reading, stream, at);
    pieces.advance(stream.substr(at, step));
  }
  check(pieces, reading, stream, stream.size());

  http::WebSocketFrames whole;
  whole.advance(stream);
  check(whole, reading, stream, stream.size());
  check_close_frame(stream, data[0]);
  return 0;
}
