#include "relay/request_buffers.hpp"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace postern::relay {
namespace {

#if defined(__SANITIZE_ADDRESS__)
// What is read or written beyond the end is found.
char* allocate_storage(std::size_t size) {
  return new char[size];
}
void free_storage(char* storage, std::size_t) noexcept {
  delete[] storage;
}
#else
char* allocate_storage(std::size_t size) {
  void* const storage = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (storage == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(storage);
}
void free_storage(char* storage, std::size_t size) noexcept {
  ::munmap(storage, size);
}
#endif

}  // namespace

Buffer::Buffer(std::size_t capacity) : storage_(allocate_storage(capacity)), capacity_(capacity) {}

Buffer::~Buffer() {
  free_storage(storage_, capacity_);
}

void Buffer::rewind(std::size_t keep) noexcept {
  if (begin_ <= keep) return;
  const std::size_t left = size();
  if (left != 0) std::memmove(storage_ + keep, storage_ + begin_, left);
  begin_ = keep;
  end_ = keep + left;
}

RequestBuffers::RequestBuffers(std::size_t max_header_bytes)
    : from_client(max_header_bytes + body_bytes),
      from_upstream(max_header_bytes + body_bytes),
      request_parser(max_header_bytes),
      response_parser(max_header_bytes) {}

void RequestBuffers::reset() {
  from_client.clear();
  from_upstream.clear();
  request_parser.reset();
  response_parser.reset();
  for (std::string* text : {&claim_fields, &to_upstream, &to_client}) {
    text->clear();
    if (text->capacity() > body_bytes) text->shrink_to_fit();
  }
}

std::unique_ptr<RequestBuffers> RequestBuffersPool::borrow() {
  auto buffers =
      kept_.empty() ? std::make_unique<RequestBuffers>(max_header_bytes_) : std::move(kept_.back());
  if (!kept_.empty()) kept_.pop_back();
  ++borrowed_;
  return buffers;
}

void RequestBuffersPool::retire(std::unique_ptr<RequestBuffers> buffers) {
  if (kept_.size() < most_spare) return give_back(std::move(buffers));
  --borrowed_;
}

void RequestBuffersPool::give_back(std::unique_ptr<RequestBuffers> buffers) {
  --borrowed_;
  if (kept_.size() == most_kept) return;
  buffers->reset();
  kept_.push_back(std::move(buffers));
}

}  // namespace postern::relay
