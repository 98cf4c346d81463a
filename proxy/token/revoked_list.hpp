#pragma once
// Tokens that are refused though they verify: a list that somebody writes, without a store. It is keyed on
// claims and never on a token's bytes, since a signature can have more than one spelling.
//
//   # a comment, or an empty line
//   sub alice before 1767225600    tokens of alice issued before that Unix second, or without iat
//   jti 5f1c                       the token of that jti
//   sid 9a77                       tokens of that sid
//
// One space between words, nothing around them, each line with its newline, the last one too: a file that is
// still being written is not taken for a shorter one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "token/verification.hpp"

namespace postern::token {

class RevokedList {
 public:
  static constexpr std::size_t max_lines = 1'000'000;
  static constexpr std::size_t max_line = 1024;  // bytes, without the newline

  RevokedList() = default;  // empty

  // The list, or what is wrong: "line 3: ...", without the line's text. `text` is moved in and kept.
  static std::variant<RevokedList, std::string> parse(std::string text);

  // `uid` is the one that the token was found to name.
  [[nodiscard]] bool revokes(std::string_view uid, const Revocable& token) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept {
    return users_.size() + tokens_.size() + sessions_.size();
  }

 private:
  // A part of text_; small, because there may be a million.
  struct Slice {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  struct User {
    Slice name;
    std::int64_t before = 0;
  };

  [[nodiscard]] std::string_view text_of(Slice slice) const noexcept {
    return std::string_view(text_).substr(slice.at, slice.size);
  }
  bool add_line(std::size_t at, std::size_t size);
  void sort();
  [[nodiscard]] bool holds(const std::vector<Slice>& sorted, std::string_view name) const noexcept;
  [[nodiscard]] bool is_before(std::string_view user, const Revocable& token) const noexcept;

  std::string text_;
  std::vector<User> users_;  // by name, the latest time of a name first
  std::vector<Slice> tokens_, sessions_;
};

}  // namespace postern::token
