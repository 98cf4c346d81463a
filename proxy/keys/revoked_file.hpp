#pragma once
// The file of revoked tokens, watched. It never takes the list away by accident: what cannot be read, has a
// wrong line or is found empty a moment leaves the list that is in force.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "config/config.hpp"
#include "keys/watched_file.hpp"
#include "token/revoked_list.hpp"

namespace postern::keys {

class RevokedFile {
 public:
  using Read = std::function<config::FileContent(const std::string& path)>;
  // Nothing new, a new list, or why there is none: "line 3: ...".
  using News = std::variant<std::monostate, std::shared_ptr<const token::RevokedList>, std::string>;

  // Whoever empties a file to write it anew gets this long.
  static constexpr std::chrono::seconds empty_for{10};

  // As the file is now is how the caller has it.
  RevokedFile(const std::string& path, Read read);

  // To be called once a second: a file is read when two calls found it the same. `now` is of any steady
  // clock.
  News look(std::chrono::milliseconds now);
  // The next look reads it, changed or not; as soon as it is at rest.
  void read_soon() noexcept { wanted_ = true; }

 private:
  std::string path_;
  Read read_;
  WatchedFile watch_;
  bool wanted_ = false;
  std::optional<std::chrono::milliseconds> empty_since_;
};

}  // namespace postern::keys
