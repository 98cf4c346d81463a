#include "transport/proxy_protocol.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace postern::transport;
using namespace std::string_literals;
using State = ProxyHeaderState;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string none = "the peer";

std::string source_of(const ProxyHeader& header) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  REQUIRE(::inet_ntop(AF_INET6, header.source.data(), text.data(), text.size()) != nullptr);
  if (header.has_source) return text.data();
  CHECK(text.data() == "::"s);
  return none;
}

// Each is in memory of its own size, so that a read beyond it would be caught by a sanitizer.
State parse(std::string_view bytes, ProxyHeader& header) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  header.has_source = true;
  header.source.fill(0xEE);
  header.size = 99;
  return parse_proxy_header({copy.data(), copy.size()}, header);
}

void check_unfinished(std::string_view bytes, State expected) {
  CAPTURE(bytes.size());
  ProxyHeader header;
  CHECK(parse(bytes, header) == expected);
  CHECK(source_of(header) == none);
  CHECK(header.size == 0);
}

void check_complete(std::string_view bytes, const std::string& source, std::size_t size) {
  ProxyHeader header;
  CHECK(parse(bytes, header) == State::complete);
  CHECK(source_of(header) == source);
  CHECK(header.size == size);
}

std::string two(std::size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
}

// A header of version 2 that tells the length of its block rightly.
std::string binary(std::string_view command_and_kind, const std::string& block) {
  return signature + std::string(command_and_kind) + two(block.size()) + block;
}

std::string vector(char type, const std::string& value) {
  return type + two(value.size()) + value;
}

const std::string ipv4 = "\xC0\x00\x02\x01\xC6\x33\x64\x07\xDC\x04\x01\xBB"s;
const std::string ipv6 = "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x01"s + "\x20\x01\x0D\xB8"s +
                         std::string(11, '\0') + "\x02\xDC\x04\x01\xBB"s;
const std::string over_ipv4 = "\x21\x11";
const std::string over_ipv6 = "\x21\x21";
const std::string local = "\x20\x00"s;

// Its checksum was computed by another program.
const std::string checked = binary(over_ipv4, ipv4 + "\x03\x00\x04\x24\xB3\x81\xE8"s + "\x04\x00\x01z"s);

// A line of `size` bytes that says UNKNOWN.
std::string unknown_line(std::size_t size) {
  return "PROXY UNKNOWN " + std::string(size - 16, 'x') + "\r\n";
}

const std::string longest_ipv6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
const std::string dotted_ipv6 = "1111:2222:3333:4444:5555:6666:255.255.255.255";

struct Accepted {
  std::string header;
  std::string source;
  std::string why;
};

struct Refusal {
  std::string bytes;
  std::size_t at;  // the first byte that no header can have there
  std::string why;
};

void check(const std::vector<Accepted>& cases) {
  for (const Accepted& test : cases) {
    CAPTURE(test.why);
    const std::string_view header = test.header;
    for (std::size_t cut = 0; cut < header.size(); ++cut) {
      check_unfinished(header.substr(0, cut), State::incomplete);
    }
    check_complete(header, test.source, header.size());
    for (const std::string& next :
         {"\n"s, "\0"s, "P"s, "\x16\x03\x01"s, "GET / HTTP/1.1\r\n"s, test.header}) {
      check_complete(test.header + next, test.source, header.size());
    }
  }
}

void check(const std::vector<Refusal>& cases) {
  for (const Refusal& test : cases) {
    CAPTURE(test.why);
    const std::string_view bytes = test.bytes;
    REQUIRE(test.at < bytes.size());
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      check_unfinished(bytes.substr(0, size), size <= test.at ? State::incomplete : State::refused);
    }
  }
}

}  // namespace

TEST_CASE("a line of version 1 gives the source's address, and every cut of it waits for more") {
  check({
      {"PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "::ffff:192.0.2.1", "IPv4"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "::ffff:255.255.255.255", "the longest"},
      {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "::ffff:0.0.0.0", "the shortest, port 0 is in the range"},
      {"PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", "2001:db8::1", "IPv6"},
      {"PROXY TCP6 2001:DB8::A 2001:DB8::B 1 1\r\n", "2001:db8::a", "upper case"},
      {"PROXY TCP6 :: ::1 0 0\r\n", "::", "the unspecified address is a source all the same"},
      {"PROXY TCP6 ::1 1:: 80 80\r\n", "::1", "double colon at either end"},
      {"PROXY TCP6 1:2:3:4:5:6:7:8 8:7:6:5:4:3:2:1 80 80\r\n", "1:2:3:4:5:6:7:8", "no double colon"},
      {"PROXY TCP6 2001:0db8:0000:0000:0000:0000:0000:0001 ::1 80 80\r\n", "2001:db8::1", "four digits each"},
      {"PROXY TCP6 ::ffff:192.0.2.1 ::1 80 80\r\n", "::ffff:192.0.2.1", "as inet_ntop writes mapped IPv4"},
      {"PROXY TCP6 " + longest_ipv6 + " " + longest_ipv6 + " 65535 65535\r\n", longest_ipv6, "the longest"},
      {"PROXY TCP6 " + dotted_ipv6 + " 1:2:3:4:5:6:255.255.255.255 65535 65535\r\n",
       "1111:2222:3333:4444:5555:6666:ffff:ffff", "longer, in odd notation"},
      {"PROXY UNKNOWN\r\n", none, "UNKNOWN"},
      {"PROXY UNKNOWN \r\n", none, "with a space"},
      {"PROXY UNKNOWN 192.0.2.1 198.51.100.7 56324 443\r\n", none, "the addresses are ignored"},
      {"PROXY UNKNOWN what? \t\xE9 ever\r\n", none, "so is other text"},
      {"PROXY UNKNOWN " + longest_ipv6 + " " + longest_ipv6 + " 65535 65535\r\n", none,
       "the longest, 107 bytes"},
      {unknown_line(107), none, "107 bytes"},
  });
}

TEST_CASE("what is no PROXY header is refused at its first byte that differs") {
  check({
      {"GET / HTTP/1.1\r\n", 0, "HTTP"},
      {"POST / HTTP/1.1\r\n", 1, "HTTP that begins like it"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 2, "HTTP/2 begins like it too"},
      {"PROPFIND / HTTP/1.1\r\n", 3, "and more so"},
      {"PROXY / HTTP/1.1\r\n", 6, "a method PROXY"},
      {"\x16\x03\x01\x02\x00"s, 0, "TLS"},
      {"\r\nGET / HTTP/1.1\r\n", 2, "an empty line before HTTP"},
      {"\r\n\r\nGET / HTTP/1.1\r\n", 4, "two empty lines"},
      {"\nPROXY UNKNOWN\r\n", 0, "LF before the header"},
      {" PROXY UNKNOWN\r\n", 0, "a space before it"},
      {"\0"s, 0, "NUL"},
      {"\xEF\xBB\xBFPROXY UNKNOWN\r\n", 0, "a byte order mark"},
  });
}

TEST_CASE("a line of version 1 is refused at the first byte that cannot belong to it") {
  const std::string start = "PROXY TCP4 192.0.2.1 198.51.100.7 ";  // 34 bytes
  check({
      {"proxy TCP4 ", 0, "lower case"},
      {"PROXY  TCP4 ", 6, "two spaces"},
      {"PROXY\tTCP4 ", 5, "a tab"},
      {"PROXY\r\n", 5, "nothing else"},
      {"PROXY tcp4 ", 6, "lower case family"},
      {"PROXY TCP5 ", 9, "a family that is not"},
      {"PROXY UDP4 ", 7, "datagrams"},
      {"PROXY TCP46 ", 10, "more behind the family"},
      {"PROXY TCP4\r\n", 10, "no addresses"},
      {"PROXY TCP4  192.0.2.1", 11, "two spaces before the source"},
      {"PROXY TCP4 \r\n", 11, "no source"},
      {"PROXY TCP4 192.0.2 ", 18, "three numbers"},
      {"PROXY TCP4 192.0.2.1.5 ", 20, "five numbers"},
      {"PROXY TCP4 192..2.1 ", 15, "an empty number"},
      {"PROXY TCP4 192.0.2. ", 19, "an empty last number"},
      {"PROXY TCP4 256.0.2.1 ", 13, "256"},
      {"PROXY TCP4 1920.0.2.1 ", 14, "four digits"},
      {"PROXY TCP4 192.00.2.1 ", 16, "a leading zero"},
      {"PROXY TCP4 010.0.2.1 ", 12, "octal"},
      {"PROXY TCP4 0x7f.1 ", 12, "hexadecimal"},
      {"PROXY TCP4 3221225985 ", 13, "one number"},
      {"PROXY TCP4 +1.0.2.1 ", 11, "a sign"},
      {"PROXY TCP4 192.0.2.1/24 ", 20, "a network"},
      {"PROXY TCP4 192.0.2.1:80 ", 20, "a port behind the address"},
      {"PROXY TCP4 192.0.2.1\0 "s, 20, "NUL behind the address"},
      {"PROXY TCP4 192.0.2\0.1 "s, 18, "NUL within the address"},
      {"PROXY TCP4 localhost ", 11, "a name"},
      {"PROXY TCP4 192.0.2.1,198.51.100.7 ", 20, "a list"},
      {"PROXY TCP4 2001:db8::1 ", 14, "IPv6 where IPv4 is said: 200 could be"},
      {"PROXY TCP4 ::ffff:192.0.2.1 ", 11, "mapped IPv4 where IPv4 is said"},
      {"PROXY TCP4 192.0.2.1 2001:db8::2 ", 24, "families mixed"},
      {"PROXY TCP4 192.0.2.1  198.51.100.7 ", 21, "two spaces between the addresses"},
      {"PROXY TCP4 192.0.2.1\t198.51.100.7 ", 20, "a tab between them"},
      {"PROXY TCP4 192.0.2.1\r\n", 20, "ended behind the source"},
      {"PROXY TCP4 192.0.2.1 198.51.100.7\r\n", 33, "ended behind the destination"},
      {"PROXY TCP4 192.0.2.1 198.51.100.07 ", 33, "a leading zero in the destination"},
      {start + " 1 2\r\n", 34, "two spaces before the ports"},
      {start + "\r\n", 34, "no ports"},
      {start + "1\r\n", 35, "one port"},
      {start + "1 \r\n", 36, "an empty port"},
      {start + "01 2\r\n", 35, "a leading zero"},
      {start + "1 00\r\n", 37, "two zeros"},
      {start + "65536 2\r\n", 38, "65536"},
      {start + "655350 2\r\n", 39, "six digits"},
      {start + "4294967297 2\r\n", 39, "1 to 32 bits"},
      {start + "1 65536\r\n", 40, "65536 at the end"},
      {start + "-1 2\r\n", 34, "a sign"},
      {start + "+1 2\r\n", 34, "the other sign"},
      {start + "0x1 2\r\n", 35, "hexadecimal"},
      {start + "1.0 2\r\n", 35, "a fraction"},
      {start + "http 2\r\n", 34, "a name"},
      {start + "1 2 \r\n", 37, "a space at the end"},
      {start + "1 2 3\r\n", 37, "a third port"},
      {start + "1 2\n", 37, "bare LF"},
      {start + "1 2\rGET", 38, "bare CR"},
      {start + "1 2\r\r\n", 38, "CR CR LF"},
      {start + "1 2\0\r\n"s, 37, "NUL before the end"},
      {start + "1 2\v\r\n", 37, "a vertical tab before the end"},
  });
}

TEST_CASE("an address of version 1 is one of the family that is said, to its last digit") {
  const std::string start = "PROXY TCP6 ";  // 11 bytes
  check({
      {start + "192.0.2.1 ", 14, "IPv4 where IPv6 is said"},
      {start + "::1 192.0.2.1 ", 18, "families mixed"},
      {start + " ", 11, "none"},
      {start + "1 ", 12, "one group"},
      {start + "1:2:3:4:5:6:7 ", 24, "seven groups"},
      {start + "1:2:3:4:5:6:7:8:", 26, "nine groups"},
      {start + ":1", 12, "a single colon before"},
      {start + "1: ", 13, "a single colon behind"},
      {start + ":::", 13, "three colons"},
      {start + "1::2::3", 16, "two double colons"},
      {start + "1::2:3:4:5:6:7:", 25, "a double colon for no zeros"},
      {start + "12345:", 15, "five digits"},
      {start + "00001:", 15, "five digits, zeros"},
      {start + "::g", 13, "not hexadecimal"},
      {start + "[::1]", 11, "brackets"},
      {start + "fe80::1%eth0", 18, "a zone"},
      {start + "::1/128", 14, "a network"},
      {start + "::\0 "s, 13, "NUL behind the address"},
      {start + "::ffff:192.0.2.256 ", 28, "256 in the dotted part"},
      {start + "::ffff:192.00.2.1 ", 23, "a leading zero in it"},
      {start + "::ffff:192.0.2:1", 25, "a colon in it"},
      {start + "1:2:3:4:5:6:7:1.2.3.4", 26, "no room for it"},
      {start + "::1.2.3.4:5", 20, "more groups behind it"},
  });
}

TEST_CASE("a line of version 1 ends within 107 bytes, or is refused once it cannot any more") {
  const std::string two_dotted = "PROXY TCP6 " + dotted_ipv6 + " " + dotted_ipv6;  // 102 bytes
  check({
      {unknown_line(108), 105, "108 bytes, CRLF included: CR would be the 106th"},
      {"PROXY UNKNOWN " + std::string(5000, 'x'), 105, "endless"},
      {two_dotted + " 1 2\r\n", 101, "108 bytes: the second address leaves no room for ports"},
      {"PROXY UNKNOWNS\r\n", 13, "a longer word"},
      {"PROXY UNKNOWN\t\r\n", 13, "a tab behind the word"},
      {"PROXY UNKNOWN\n", 13, "bare LF"},
      {"PROXY UNKNOWN\rX", 14, "bare CR"},
      {"PROXY UNKNOWN x\ny\r\n", 15, "bare LF in what is ignored"},
      {"PROXY UNKNOWN x\ry\r\n", 16, "bare CR in it"},
      {"PROXY UNKNOWN x\0y\r\n"s, 15, "NUL in it"},
      {"PROXY UNKNOWN x\x7F\r\n", 15, "DEL in it"},
  });
}

TEST_CASE("a block of version 2 gives the source's address, and every cut of it waits for more") {
  check({
      {binary(over_ipv4, ipv4), "::ffff:192.0.2.1", "IPv4"},
      {binary(over_ipv6, ipv6), "2001:db8::1", "IPv6"},
      {binary("\x21\x31", std::string(216, 'u')), none, "a UNIX stream"},
      {binary("\x21\x00"s, ""), none, "UNSPEC"},
      {binary("\x21\x00"s, ipv6), none, "UNSPEC with something"},
      {binary("\x21\x00"s, "x"), none, "UNSPEC's block is skipped unread"},
      {binary(local, ""), none, "LOCAL"},
      {binary(local, ipv4), none, "LOCAL with something"},
      {binary("\x20\x11", ipv4), none, "LOCAL with addresses, which do not count"},
      {binary("\x20\x11", ""), none, "LOCAL with a family and no addresses"},
      {binary("\x20\x22", "x"), none, "LOCAL by datagrams: family and block are ignored"},
      {binary("\x20\x01", ""), none, "LOCAL, a stream of no family"},
      {binary(local, std::string(4096, 'x')), none, "the longest LOCAL"},
      {binary(over_ipv4, std::string(12, '\0')), "::ffff:0.0.0.0", "zeros are a source all the same"},
      {binary(over_ipv6, std::string(36, '\xFF')), longest_ipv6, "ones too"},
      {binary(over_ipv4, ipv4 + vector(4, "")), "::ffff:192.0.2.1", "a vector without a value"},
      {binary(over_ipv4, ipv4 + vector(1, "h2") + vector(2, "a.test") + vector(5, "id")), "::ffff:192.0.2.1",
       "several vectors"},
      {binary(over_ipv6, ipv6 + vector('\xEA', "\x01vpce-0")), "2001:db8::1", "a type of its sender's own"},
      {binary(over_ipv6, ipv6 + vector('\xFF', "x")), "2001:db8::1", "a type that is not assigned"},
      {binary("\x21\x31", std::string(216, 'u') + vector(4, "x")), none, "a vector behind UNIX addresses"},
      {binary(over_ipv4, ipv4 + vector(4, std::string(256, 'x'))), "::ffff:192.0.2.1",
       "a value of 256 bytes"},
      {binary(over_ipv4, ipv4 + vector(4, std::string(4096 - 12 - 3, 'x'))), "::ffff:192.0.2.1",
       "the longest"},
      {checked, "::ffff:192.0.2.1", "a checksum that is right"},
  });
  CHECK(binary(local, std::string(4096, 'x')).size() == max_proxy_header);
}

TEST_CASE("a block of version 2 is refused at the first byte that cannot belong to it") {
  check({
      {signature + "\x01\x11", 12, "version 0"},
      {signature + "\x11\x11", 12, "version 1"},
      {signature + "\x31\x11", 12, "version 3"},
      {signature + "\xA1\x11", 12, "the high bit"},
      {signature + "\x22\x11", 12, "a command that is not"},
      {signature + "\x2F\x11", 12, "the last command"},
      {signature + "\x21\x12", 13, "datagrams over IPv4"},
      {signature + "\x21\x22", 13, "datagrams over IPv6"},
      {signature + "\x21\x32", 13, "UNIX datagrams"},
      {signature + "\x21\x10", 13, "no transport over IPv4"},
      {signature + "\x21\x20", 13, "no transport over IPv6"},
      {signature + "\x21\x01", 13, "a stream over no family"},
      {signature + "\x21\x13", 13, "a transport that is not"},
      {signature + "\x21\x41", 13, "a family that is not"},
      {signature + "\x20\x40", 13, "nor for LOCAL"},
      {signature + "\x20\x03", 13, "nor a transport for LOCAL"},
      {signature + over_ipv4 + two(0), 15, "no addresses"},
      {signature + over_ipv4 + two(11), 15, "an address block of IPv4 short of a byte"},
      {signature + over_ipv6 + two(35), 15, "one of IPv6"},
      {signature + over_ipv6 + two(12), 15, "IPv6 with the size of IPv4"},
      {signature + "\x21\x31" + two(215), 15, "a UNIX one"},
      {signature + over_ipv4 + two(4097), 15, "over 4096"},
      {signature + local + two(4097), 15, "over 4096 for LOCAL"},
      {signature + over_ipv4 + two(0x1100), 14, "over 4096 by the first byte alone"},
      {signature + local + two(0xFFFF), 14, "65535"},
  });
}

TEST_CASE("the vectors of version 2 fit their block exactly") {
  check({
      {binary(over_ipv4, ipv4 + "\x04"), 15, "one byte, no room for a vector"},
      {binary(over_ipv4, ipv4 + "\x04\x00"s), 15, "two bytes"},
      {binary(over_ipv6, ipv6 + "\x04"), 15, "one byte behind IPv6"},
      {binary(over_ipv4, ipv4 + "\x04\x00\x01"s), 30, "a value a byte too long"},
      {binary(over_ipv4, ipv4 + "\x04\x01\x00"s), 29, "a value 256 too long"},
      {binary(over_ipv4, ipv4 + "\x04\xFF\xFF"s), 29, "the longest value"},
      {binary(over_ipv4, ipv4 + "\x04\x00\x00x"s), 30, "a byte left over"},
      {binary(over_ipv4, ipv4 + "\x04\x00\x00xy"s), 30, "two bytes left over"},
      {binary(over_ipv4, ipv4 + vector(4, "x") + "\x04\x00\x01"s), 34, "the second too long"},
      {binary(over_ipv4, ipv4 + "\x04\x00\x01x\x04\x00"s), 30, "the first leaves no room for another"},
  });
}

TEST_CASE("the checksum of version 2 is verified where it is given") {
  check({
      {binary(over_ipv4, ipv4 + vector(3, "abc")), 28, "three bytes"},
      {binary(over_ipv4, ipv4 + vector(3, "abcde")), 28, "five bytes"},
      {binary(over_ipv4, ipv4 + "\x03\x00\x03"s + std::string(7, 'x')), 30,
       "three bytes and a vector's room"},
      {binary(over_ipv4, ipv4 + "\x03\x01\x04"s + std::string(300, 'x')), 29, "260 bytes"},
      {binary(over_ipv4, ipv4 + vector(3, "abcd") + vector(3, "abcd")), 35, "a second one"},
      {binary(over_ipv4, ipv4 + vector(3, std::string(4, '\0'))), 34, "zeros"},
      {binary(over_ipv4, ipv4 + "\x03\x00\x04\xE8\x81\xB3\x24\x04\x00\x01z"s), 38, "the bytes turned round"},
  });
  for (std::size_t at = 16; at < checked.size(); ++at) {
    if (at == 28) continue;  // the vector's type, without which it is no checksum
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = checked;
      other[at] = static_cast<char>(static_cast<unsigned char>(other[at]) ^ (1u << bit));
      CAPTURE(at);
      CAPTURE(bit);
      check_unfinished(other, State::refused);
    }
  }
}

TEST_CASE("a signature with one byte changed is no signature") {
  for (std::size_t at = 0; at < signature.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = binary(over_ipv4, ipv4);
      if (static_cast<unsigned char>(other[at]) == byte) continue;
      other[at] = static_cast<char>(byte);
      CAPTURE(at);
      CAPTURE(byte);
      check_unfinished(other, State::refused);
      if (at > 0) check_unfinished(other.substr(0, at + 1), State::refused);
    }
  }
}
