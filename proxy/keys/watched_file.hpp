#pragma once
// A file that somebody else replaces: a secret in rotation, a mounted volume's symbolic link.

#include <cstdint>
#include <string>

namespace postern::keys {

class WatchedFile {
 public:
  // As it is now is how the caller has it.
  explicit WatchedFile(std::string path);

  // Whether it is another than the caller has, and has stayed so since the last call: one that is still being
  // written is not to be read. Says so once for each change. A file that is gone has not changed.
  bool changed();
  // Whether it is there, and the one that changed() told of last.
  [[nodiscard]] bool is_as_known() const;

 private:
  // Enough to tell two files, or two states of one, apart.
  struct Print {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    bool operator==(const Print&) const = default;
  };
  [[nodiscard]] Print look() const;

  std::string path_;
  Print known_;
  Print last_;
};

}  // namespace postern::keys
