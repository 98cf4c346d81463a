#include "keys/watched_file.hpp"

#include <sys/stat.h>

#include <utility>

namespace postern::keys {

WatchedFile::WatchedFile(std::string path) : path_(std::move(path)), known_(look()), last_(known_) {}

bool WatchedFile::changed() {
  const Print now = look();
  const bool settled = now == last_;
  last_ = now;
  if (!settled || now == known_ || now == Print{}) return false;
  known_ = now;
  return true;
}

bool WatchedFile::is_as_known() const {
  const Print now = look();
  return now == known_ && now != Print{};
}

WatchedFile::Print WatchedFile::look() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size,
          status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace postern::keys
