#include "keys/watched_file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using postern::keys::WatchedFile;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("postern-watched-" + std::to_string(::getpid()))) {
    fs::create_directory(path);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path write(const char* name, const char* content) const {
    std::ofstream(path / name) << content;
    return path / name;
  }
  fs::path path;
};

}  // namespace

TEST_CASE("a change is told once, when it has settled") {
  const Folder folder;
  const auto file = folder.write("secret", "one");
  WatchedFile watched(file);
  CHECK_FALSE(watched.changed());
  folder.write("secret", "another");
  CHECK_FALSE(watched.changed());  // perhaps still being written
  CHECK(watched.changed());
  CHECK_FALSE(watched.changed());
}

TEST_CASE("a file put in its place is a change, whether renamed or linked anew") {
  const Folder folder;
  const auto file = folder.write("secret", "one");
  WatchedFile watched(file);
  fs::rename(folder.write("next", "two"), file);
  CHECK_FALSE(watched.changed());
  CHECK(watched.changed());
  // As Kubernetes does it: the name is a link, and the link is replaced.
  fs::create_symlink(folder.write("third", "tri"), folder.path / "link");
  fs::rename(folder.path / "link", file);
  CHECK_FALSE(watched.changed());
  CHECK(watched.changed());
}

TEST_CASE("a file that is gone for a moment is no change, its return is") {
  const Folder folder;
  const auto file = folder.write("secret", "one");
  WatchedFile watched(file);
  fs::remove(file);
  CHECK_FALSE(watched.changed());
  CHECK_FALSE(watched.changed());
  folder.write("secret", "longer");
  CHECK_FALSE(watched.changed());
  CHECK(watched.changed());
}

TEST_CASE("a file that is not there yet is told when it comes") {
  const Folder folder;
  WatchedFile watched(folder.path / "secret");
  CHECK_FALSE(watched.changed());
  folder.write("secret", "one");
  CHECK_FALSE(watched.changed());
  CHECK(watched.changed());
}
