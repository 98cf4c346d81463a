#include "http/authority.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace postern::http;
using namespace std::string_literals;

struct Case {
  std::string authority;
  std::string_view why;
};

void check_all(const std::vector<Case>& cases, bool expected) {
  for (const Case& test : cases) {
    CAPTURE(test.authority);
    CAPTURE(test.why);
    CHECK(valid_authority(test.authority) == expected);
  }
}

}  // namespace

TEST_CASE("an authority is a name or an address, with or without a port") {
  const std::vector<Case> cases = {
      {"h", "one letter"},
      {"example.com", "a name"},
      {"EXAMPLE.com", "letters of either case"},
      {"example.com.", "the root's dot"},
      {"my_service.default", "underscores, as container networks use them"},
      {"xn--bcher-kva.example", "punycode"},
      {"b%C3%BCcher.example", "percent-encoded UTF-8 (RFC 3986 3.2.2)"},
      {"%80%fF", "the lowest and the highest encoded byte that is not ASCII"},
      {"a-._~!$&'()*+;=b", "everything else that a reg-name may hold"},
      {"127.0.0.1", "IPv4"},
      {"999.0.0.1", "no IPv4 address, but a reg-name by the grammar"},
      {"h:80", "a port"},
      {"h:", "an empty port (RFC 3986 3.2.3)"},
      {"h:0", "the lowest port"},
      {"h:65535", "the highest port"},
      {"h:00080", "five digits"},
      {"127.0.0.1:8000", "IPv4 and a port"},
      {"[::1]", "IPv6"},
      {"[::1]:8000", "IPv6 and a port"},
      {"[::1]:", "IPv6 and an empty port"},
      {"[::]", "the unspecified address"},
      {"[2001:db8::1]", "compressed in the middle"},
      {"[2001:DB8::]", "compressed at the end"},
      {"[1:2:3:4:5:6:7:8]", "eight groups"},
      {"[1:2:3:4:5:6:7::]", "seven groups and ::"},
      {"[::2:3:4:5:6:7:8]", ":: and seven groups"},
      {"[ffff:0000:0abc:ABCD:1:22:333:4444]", "groups of one to four digits"},
      {"[::ffff:192.0.2.1]", "IPv4 in the last two groups"},
      {"[1:2:3:4:5:6:192.0.2.1]", "six groups and IPv4"},
      {"[::192.0.2.1]", ":: and IPv4"},
      {"[1:2:3:4:5::192.0.2.1]", "IPv4 counts as two of the seven groups"},
      {"[::255.255.255.255]", "the highest IPv4"},
  };
  check_all(cases, true);
}

TEST_CASE("what is no uri-host with an optional port is no authority") {
  const std::vector<Case> cases = {
      {"", "empty"},
      {":80", "no host before the port"},
      {":", "neither host nor port"},
      {"h,i", "a list of two"},
      {"h, i", "a list with a space"},
      {"h,ba", "a list whose second name could be the digits of an encoding"},
      {",", "an empty list"},
      {"alice@h", "userinfo"},
      {"alice:secret@h", "userinfo with a password"},
      {"alice:80@h", "userinfo that looks like a port"},
      {"alice@ba", "userinfo, and a host that could be the digits of an encoding"},
      {"@h", "empty userinfo"},
      {"h@", "userinfo without a host"},
      {"h:80:90", "two ports"},
      {"h:65536", "a port above 65535"},
      {"h:99999", "the highest of five digits"},
      {"h:000080", "six digits"},
      {"h:4294967376", "80 after an overflow of 32 bits"},
      {"h:+80", "a sign"},
      {"h:-1", "a negative port"},
      {"h:0x50", "a hexadecimal port"},
      {"h:8o", "a letter in the port"},
      {"h: 80", "a space before the port"},
      {"h:80 ", "a space behind the port"},
      {"h:80/", "a slash behind the port"},
      {"h:http", "a named port"},
      {"h i", "a space"},
      {" h", "a space before the host"},
      {"h\t", "a tab behind the host"},
      {"h/", "a slash"},
      {"h/path", "a path"},
      {"h?q", "a query"},
      {"h#f", "a fragment"},
      {"h\\i", "a backslash, which some read as a slash"},
      {"http://h", "a URI"},
      {"//h", "a network-path reference"},
      {"h\0i"s, "NUL"},
      {"h\r\n", "a line ending"},
      {"h\x7F", "DEL"},
      {"h\"", "a quote"},
      {"<h>", "angle brackets"},
      {"{h}", "braces"},
      {"h^|`", "bytes that no URI holds"},
      {"b\xC3\xBC"
       "cher.example",
       "raw UTF-8"},
      {"h\xFF", "a raw byte over 0x7F"},
      {"h%41", "percent-encoded ASCII is a second spelling"},
      {"h%2Fi", "an encoded slash"},
      {"h%40i", "an encoded @"},
      {"h%3A80", "an encoded colon"},
      {"h%00", "an encoded NUL"},
      {"h%7f", "the highest encoded ASCII"},
      {"h%", "a percent sign alone"},
      {"h%8", "one digit"},
      {"h%C3%", "cut in the second byte"},
      {"h%8g", "the second digit is none"},
      {"h%g8", "the first digit is none"},
      {"%25eth0", "an encoded percent sign"},
  };
  check_all(cases, false);
}

TEST_CASE("brackets hold exactly one IPv6 address, and nothing but a port follows them") {
  const std::vector<Case> cases = {
      {"::1", "no brackets"},
      {"2001:db8::1", "no brackets, and the rest looks like a port"},
      {"[]", "empty"},
      {"[", "only opened"},
      {"]", "only closed"},
      {"[::1", "never closed"},
      {"::1]", "never opened"},
      {"[[::1]]", "twice"},
      {"[::1]]", "closed twice"},
      {"[::1]80", "no colon before the port"},
      {"[::1]x", "a name behind it"},
      {"[::1].example", "a domain behind it"},
      {"[::1]:65536", "a port above 65535"},
      {"[::1]:80:90", "two ports"},
      {"h[::1]", "a name before it"},
      {"alice@[::1]", "userinfo"},
      {"[h]", "a name"},
      {"[127.0.0.1]", "IPv4 alone"},
      {"[v1.x]", "IPvFuture"},
      {"[fe80::1%25eth0]", "a zone"},
      {"[fe80::1%eth0]", "a raw zone"},
      {"[fe80::1%1]", "a raw zone of digits"},
      {"[ ::1]", "a space"},
      {"[:]", "one colon"},
      {"[:::]", "three colons"},
      {"[:1]", "one colon at the beginning"},
      {"[1:]", "one colon at the end"},
      {"[::1:]", "one colon at the end, compressed"},
      {"[:1:2:3:4:5:6:7]", "one colon at the beginning of seven groups"},
      {"[1::2::3]", "compressed twice"},
      {"[::1::]", "compressed at both ends"},
      {"[1:::2]", "three colons in the middle"},
      {"[1]", "one group"},
      {"[1:2:3:4:5:6:7]", "seven groups"},
      {"[1:2:3:4:5:6:7:8:9]", "nine groups"},
      {"[1:2:3:4:5:6:7:8::]", "eight groups and ::"},
      {"[::1:2:3:4:5:6:7:8]", ":: and eight groups"},
      {"[1:2:3:4::5:6:7:8]", "eight groups around ::"},
      {"[12345::]", "five digits"},
      {"[g::]", "not hex"},
      {"[::192.0.2]", "IPv4 of three octets"},
      {"[::192.0.2.1.1]", "IPv4 of five octets"},
      {"[::192.0.2.256]", "an octet above 255"},
      {"[::192.0.2.01]", "an octet with a leading zero, octal to some"},
      {"[::192.0.2.]", "an empty octet"},
      {"[::192..2.1]", "an empty octet in the middle"},
      {"[::.0.2.1]", "an empty octet at the beginning"},
      {"[::192.0.2.a]", "a hexadecimal octet"},
      {"[::a.0.2.1]", "a hexadecimal octet at the beginning"},
      {"[::192.0.2.1:1]", "a group behind IPv4"},
      {"[1:2:3:4:5:192.0.2.1]", "five groups and IPv4"},
      {"[1:2:3:4:5:6:7:192.0.2.1]", "seven groups and IPv4"},
      {"[1:2:3:4:5:6::192.0.2.1]", "six groups, :: and IPv4"},
  };
  check_all(cases, false);
}

TEST_CASE("of single bytes only those that a reg-name may hold stand for themselves") {
  const std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+;=";
  for (int code = 0; code < 256; ++code) {
    CAPTURE(code);
    const std::string authority = "a"s + static_cast<char>(code) + "b";
    CHECK(valid_authority(authority) == (allowed.find(static_cast<char>(code)) != allowed.npos));
  }
}

TEST_CASE("bytes behind an authority never complete an encoding that it cuts short") {
  constexpr std::string_view followed = "h%C3";
  CHECK(valid_authority(followed));
  CHECK_FALSE(valid_authority(followed.substr(0, 3)));
  CHECK_FALSE(valid_authority(followed.substr(0, 2)));
}
