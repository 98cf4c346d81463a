#pragma once
// Looks once a second whether files that others replace have changed: secrets and certificates, and the
// revoked tokens. Used by the main thread alone.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "keys/revoked_file.hpp"
#include "keys/watched_file.hpp"
#include "transport/asio.hpp"

namespace postern::server {

class FileWatch {
 public:
  using Changed = std::function<void()>;
  using Revoked = std::function<void(keys::RevokedFile::News)>;

  explicit FileWatch(const transport::Executor& executor) : timer_(executor) {}

  // As the files are now is how the caller has them.
  void add(const std::string& file) { files_.emplace_back(file); }
  void add_revoked(const std::string& file);

  // `changed` is called when any of the files has, `revoked` at each look at the revoked tokens. Without
  // files it never looks.
  void start(Changed changed, Revoked revoked);
  // The next look reads the revoked tokens, changed or not.
  void read_revoked_soon() noexcept;

 private:
  void wait();
  void look();

  transport::Timer timer_;
  std::vector<keys::WatchedFile> files_;
  std::optional<keys::RevokedFile> revoked_file_;
  Changed changed_;
  Revoked revoked_;
};

}  // namespace postern::server
