#include "observe/log/access_record.hpp"

namespace postern::observe {

void own_request_texts(AccessRecord& record, std::string& storage) {
  constexpr std::array spelt = {&AccessRecord::request_id, &AccessRecord::trace_id, &AccessRecord::method,
                                &AccessRecord::path};
  std::size_t size = 0;
  for (const auto member : spelt) size += (record.*member).size();
  storage.clear();
  storage.reserve(size);
  for (const auto member : spelt) {
    std::string_view& text = record.*member;
    const std::size_t begin = storage.size();
    storage.append(text);
    text = std::string_view(storage).substr(begin);
  }
}

}  // namespace postern::observe
