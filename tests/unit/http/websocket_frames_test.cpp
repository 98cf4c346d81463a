#include "http/websocket_frames.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace postern::http;
using namespace std::string_literals;

// A frame whose length is written in `length_size` bytes: 0, 2 or 8.
std::string frame(unsigned first, std::size_t size, unsigned length_size, bool masked = false) {
  const unsigned mask_bit = masked ? 0x80 : 0;
  std::string text;
  text += static_cast<char>(first);
  const std::size_t length = length_size == 0 ? size : length_size == 2 ? 126 : 127;
  text += static_cast<char>(mask_bit | length);
  for (unsigned i = length_size; i-- > 0;) text += static_cast<char>(size >> (8 * i) & 0xFF);
  if (masked) text += "\x88\x81\x82\x83";  // each could begin another frame
  return text + std::string(size, '\x88');
}

const std::string close_frame = "\x88\x02\x03\xE8"s;

struct Case {
  std::string frame;
  std::string why;
};

const std::vector<Case>& single_frames() {
  static const std::vector<Case> cases = {
      {"\x81\x05Hello", "RFC 6455 5.7: a text message"},
      {"\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58", "RFC 6455 5.7: the same masked"},
      {"\x01\x03Hel"s, "RFC 6455 5.7: the first fragment"},
      {"\x80\x02lo", "RFC 6455 5.7: the last fragment"},
      {"\x89\x05Hello", "RFC 6455 5.7: a ping"},
      {"\x8A\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58", "RFC 6455 5.7: its pong, masked"},
      {frame(0x82, 256, 2), "RFC 6455 5.7: 256 bytes"},
      {frame(0x82, 65536, 8), "RFC 6455 5.7: 64 KiB"},
      {frame(0x81, 0, 0), "empty"},
      {frame(0x81, 0, 0, true), "empty and masked: the key is there all the same"},
      {frame(0x00, 1, 0), "a fragment in the middle"},
      {frame(0x82, 125, 0), "the longest of 7 bits"},
      {frame(0x82, 125, 0, true), "the longest of 7 bits, masked"},
      {frame(0x82, 126, 2), "the shortest of 16 bits"},
      {frame(0x82, 126, 2, true), "the shortest of 16 bits, masked"},
      {frame(0x82, 65535, 2), "the longest of 16 bits"},
      {frame(0x82, 65537, 8, true), "of 64 bits, masked"},
      {frame(0x82, 0, 2), "nothing in 16 bits, which the ends may refuse"},
      {frame(0x82, 0, 8), "nothing in 64 bits"},
      {frame(0x82, 0, 8, true), "nothing in 64 bits, masked"},
      {frame(0x82, 5, 2, true), "5 in 16 bits"},
      {frame(0x82, 5, 8), "5 in 64 bits"},
      {frame(0xC1, 5, 0), "compressed (RFC 7692)"},
      {frame(0xF3, 5, 0), "every reserved bit, a reserved opcode"},
      {frame(0x89, 126, 2), "a ping over 125 bytes"},
  };
  return cases;
}

// Where `stream` has a boundary: after so many bytes.
std::vector<std::size_t> boundaries_bytewise(std::string_view stream) {
  WebSocketFrames frames;
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    frames.advance(stream.substr(at, 1));
    if (frames.at_boundary()) found.push_back(at + 1);
  }
  return found;
}

}  // namespace

TEST_CASE("a frame ends with the last byte of its payload and not before") {
  for (const Case& test : single_frames()) {
    CAPTURE(test.why);
    const std::string_view frame = test.frame;
    CHECK(boundaries_bytewise(frame) == std::vector{frame.size()});
    WebSocketFrames whole;
    CHECK(whole.at_boundary());
    whole.advance(frame);
    CHECK(whole.at_boundary());
    CHECK(!whole.close_passed());
  }
}

TEST_CASE("what is left of a frame is told wherever it was cut, with and without bytes of the next") {
  for (const Case& test : single_frames()) {
    CAPTURE(test.why);
    const std::string_view frame = test.frame;
    const std::string followed = test.frame + "\x81\x05Hello";
    const std::size_t step = std::max<std::size_t>(1, frame.size() / 300);
    for (std::size_t cut = 1; cut < frame.size(); cut += cut < 20 ? 1 : step) {
      CAPTURE(cut);
      WebSocketFrames frames;
      frames.advance(frame.substr(0, cut));
      CHECK(!frames.at_boundary());
      const std::size_t left = frame.size() - cut;
      CHECK(frames.left_of_frame("") == 0);
      CHECK(frames.left_of_frame(frame.substr(cut, left - 1)) == left - 1);
      CHECK(frames.left_of_frame(frame.substr(cut)) == left);
      CHECK(frames.left_of_frame(std::string_view(followed).substr(cut)) == left);
      CHECK(!frames.at_boundary());
      frames.advance(frame.substr(cut));
      CHECK(frames.at_boundary());
      CHECK(frames.left_of_frame(followed) == 0);
    }
  }
}

TEST_CASE("every cut of a stream into three leaves its boundaries where they are") {
  const std::string stream = frame(0x01, 3, 0, true) + frame(0x89, 0, 0) + frame(0x00, 126, 2) +
                             frame(0x80, 7, 8, true) + frame(0x8A, 2, 0, true) + close_frame + "\x81\x01x";
  const std::vector<std::size_t> expected = {9, 11, 141, 162, 170, 174, 177};
  CHECK(boundaries_bytewise(stream) == expected);
  const std::string_view view = stream;
  const auto is_boundary = [&](std::size_t at) {
    return at == 0 || std::find(expected.begin(), expected.end(), at) != expected.end();
  };
  for (std::size_t first = 0; first <= view.size(); ++first) {
    WebSocketFrames frames;
    frames.advance(view.substr(0, first));
    REQUIRE(frames.at_boundary() == is_boundary(first));
    REQUIRE(frames.close_passed() == (first >= 174));
    const std::size_t left = frames.left_of_frame(view.substr(first));
    REQUIRE(is_boundary(first + left));
    for (std::size_t second = first; second <= view.size(); ++second) {
      WebSocketFrames further = frames;
      further.advance(view.substr(first, second - first));
      REQUIRE(further.at_boundary() == is_boundary(second));
      REQUIRE(further.close_passed() == (second >= 174));
    }
  }
}

TEST_CASE("a payload of any length that 64 bits can tell is counted without overflow") {
  const struct {
    std::string header;
    std::string why;
  } cases[] = {
      {"\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, "2^64 - 1"},
      {"\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFkey!"s, "2^64 - 1 and a masking key"},
      {"\x82\x7F\x80\x00\x00\x00\x00\x00\x00\x00"s, "2^63, which the ends must refuse"},
      {"\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, "2^63 - 1"},
      {"\x82\x7F\x00\x00\x00\x01\x00\x00\x00\x00"s, "2^32, nothing to 32 bits"},
      {"\x88\x7F\x00\x00\x00\x01\x00\x00\x00\x00"s, "2^32 for a close frame, which does not end"},
  };
  const std::string piece(100000, '\0');  // frames without a payload, were they frames
  for (const auto& test : cases) {
    CAPTURE(test.why);
    WebSocketFrames frames;
    frames.advance(test.header);
    for (int i = 0; i < 50; ++i) {
      CHECK(frames.left_of_frame(piece) == piece.size());
      frames.advance(piece);
      CHECK(!frames.at_boundary());
      CHECK(!frames.close_passed());
    }
  }
}

TEST_CASE("a frame of 4 GiB ends after 4 GiB") {
  WebSocketFrames frames;
  frames.advance("\x82\x7F\x00\x00\x00\x01\x00\x00\x00\x03"s);
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 4096; ++i) frames.advance(piece);
  CHECK(!frames.at_boundary());
  CHECK(frames.left_of_frame(piece) == 3);
  frames.advance("xxx");
  CHECK(frames.at_boundary());
}

TEST_CASE("a close frame has passed with its last byte, and for good") {
  const struct {
    std::string frame;
    bool closes;
    std::string why;
  } cases[] = {
      {close_frame, true, "with a code"},
      {"\x88\x00"s, true, "without"},
      {"\x88\x82keys\x6B\x8D"s, true, "masked"},
      {"\x88\x80keys", true, "masked and empty"},
      {"\xF8\x00"s, true, "with reserved bits"},
      {"\x08\x00"s, true, "fragmented, which the ends must refuse"},
      {frame(0x88, 300, 2), true, "over 125 bytes, which they must refuse too"},
      {"\x89\x00"s, false, "a ping"},
      {"\x80\x00"s, false, "a continuation"},
      {"\x81\x02\x88\x00"s, false, "a payload that looks like one"},
      {"\x81\x80\x88\x00\x88\x00"s, false, "a masking key that looks like one"},
      {frame(0x82, 0x88, 2), false, "a length that looks like one"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.why);
    WebSocketFrames frames;
    for (std::size_t at = 0; at < test.frame.size(); ++at) {
      CHECK(!frames.close_passed());
      frames.advance(std::string_view(test.frame).substr(at, 1));
    }
    CHECK(frames.at_boundary());
    CHECK(frames.close_passed() == test.closes);
    frames.advance("\x81\x05He");
    CHECK(frames.close_passed() == test.closes);
    CHECK(!frames.at_boundary());
    frames.advance("llo");
    CHECK(frames.close_passed() == test.closes);
  }
}

TEST_CASE("no bytes change nothing") {
  WebSocketFrames frames;
  frames.advance("");
  CHECK(frames.at_boundary());
  CHECK(frames.left_of_frame("") == 0);
  frames.advance("\x81");
  frames.advance("");
  CHECK(!frames.at_boundary());
  CHECK(frames.left_of_frame("\x00\x81"s) == 1);
}

TEST_CASE("a close frame says the code and the reason, from a server in the clear and from a client masked") {
  const std::string longest(123, 'r');
  const struct {
    std::uint16_t code;
    std::string reason;
    std::string server;
    std::string client;  // with the key "\x00\x01\x02\xFF"
    std::string why;
  } cases[] = {
      {1000, "", "\x88\x02\x03\xE8"s, "\x88\x82\x00\x01\x02\xFF\x03\xE9"s, "a code alone"},
      {1001, "bye", "\x88\x05\x03\xE9"s + "bye", "\x88\x85\x00\x01\x02\xFF\x03\xE8\x60\x86\x65"s, "a reason"},
      {1008, "token expired", "\x88\x0F\x03\xF0token expired"s,
       "\x88\x8F\x00\x01\x02\xFF\x03\xF1\x76\x90\x6B\x64\x6C\xDF\x65\x79\x72\x96\x72\x64\x66"s,
       "a longer one"},
      {65535, "", "\x88\x02\xFF\xFF", "\x88\x82\x00\x01\x02\xFF\xFF\xFE"s, "the largest code"},
      {0, "", "\x88\x02\x00\x00"s, "\x88\x82\x00\x01\x02\xFF\x00\x01"s, "the smallest"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.why);
    std::array<char, server_close_frame_size> server;
    std::array<char, client_close_frame_size> client;
    CHECK(server_close_frame(test.code, test.reason, server) == test.server);
    CHECK(client_close_frame(test.code, test.reason, {0x00, 0x01, 0x02, 0xFF}, client) == test.client);
  }
}

TEST_CASE("a close frame's reason is cut off where a control frame is full") {
  for (const std::size_t size : {0u, 1u, 122u, 123u, 124u, 125u, 126u, 65536u}) {
    CAPTURE(size);
    const std::string reason(size, 'r');
    const std::string kept = reason.substr(0, 123);
    std::array<char, server_close_frame_size> server;
    const auto from_server = server_close_frame(1011, reason, server);
    CHECK(from_server.data() == server.data());
    CHECK(from_server == "\x88"s + static_cast<char>(2 + kept.size()) + "\x03\xF3" + kept);

    std::array<char, client_close_frame_size> client;
    const auto from_client = client_close_frame(1011, reason, {0, 0, 0, 0}, client);
    CHECK(from_client.data() == client.data());
    CHECK(from_client == "\x88"s + static_cast<char>(0x80 + 2 + kept.size()) + "\0\0\0\0\x03\xF3"s + kept);

    for (const std::string_view frame : {from_server, from_client}) {
      WebSocketFrames frames;
      frames.advance(frame);
      CHECK(frames.at_boundary());
      CHECK(frames.close_passed());
      CHECK(boundaries_bytewise(frame) == std::vector{frame.size()});
    }
  }
}
