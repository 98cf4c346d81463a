#include "keys/revoked_file.hpp"

#include <utility>

namespace postern::keys {

RevokedFile::RevokedFile(const std::string& path, Read read)
    : path_(path), read_(std::move(read)), watch_(path) {}

RevokedFile::News RevokedFile::look(std::chrono::milliseconds now) {
  wanted_ = watch_.changed() || wanted_;
  if (!wanted_ || !watch_.is_as_known()) return {};
  config::FileContent content = read_(path_);
  // It was changed or taken away meanwhile: once it is at rest again it is read.
  if (!watch_.is_as_known()) return {};
  if (content.error.empty() && content.bytes.empty()) {
    if (!empty_since_) empty_since_ = now;
    if (now - *empty_since_ < empty_for) return {};
  }
  empty_since_.reset();
  wanted_ = false;
  if (!content.error.empty()) return std::move(content.error);
  auto parsed = token::RevokedList::parse(std::move(content.bytes));
  if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
  return std::make_shared<const token::RevokedList>(std::get<token::RevokedList>(std::move(parsed)));
}

}  // namespace postern::keys
