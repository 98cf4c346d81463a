#include "server/file_watch.hpp"

#include <chrono>
#include <utility>

#include "config/host_environment.hpp"

namespace postern::server {
namespace {

constexpr std::chrono::seconds look_again_after{1};

}  // namespace

void FileWatch::add_revoked(const std::string& file) {
  revoked_file_.emplace(file, config::read_large_file);
}

void FileWatch::start(Changed changed, Revoked revoked) {
  changed_ = std::move(changed);
  revoked_ = std::move(revoked);
  if (!files_.empty() || revoked_file_) wait();
}

void FileWatch::read_revoked_soon() noexcept {
  if (revoked_file_) revoked_file_->read_soon();
}

void FileWatch::wait() {
  timer_.expires_after(look_again_after);
  timer_.async_wait([this](const transport::error_code& error) {
    if (error) return;
    look();
    wait();
  });
}

void FileWatch::look() {
  bool changed = false;
  for (keys::WatchedFile& file : files_) changed = file.changed() || changed;
  if (changed) changed_();
  if (!revoked_file_) return;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  revoked_(revoked_file_->look(std::chrono::duration_cast<std::chrono::milliseconds>(now)));
}

}  // namespace postern::server
