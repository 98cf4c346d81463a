#include "http/chunk_writer.hpp"

#include <charconv>

#include "http/field_line.hpp"

namespace postern::http {
namespace {

bool passes_upstream(const Field& field, std::string_view identity_header) noexcept {
  constexpr std::string_view forwarding = "X-Forwarded-";
  return !equal_when_folded(field.name, identity_header) &&
         !equal_when_folded(field.name.substr(0, forwarding.size()), forwarding) &&
         field.field_class == FieldClass::other;
}

bool passes_downstream(const Field& field) noexcept {
  switch (field.field_class) {
    case FieldClass::hop_by_hop:
    case FieldClass::content_length:
    case FieldClass::transfer_encoding:
    case FieldClass::trailer:
    case FieldClass::x_request_id:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::string_view chunk_header(std::size_t size, std::span<char, 20> storage) noexcept {
  char* end = std::to_chars(storage.data(), storage.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {storage.data(), end};
}

void write_last_chunk_upstream(std::string& out, std::span<const Field> trailers,
                               std::string_view identity_header) {
  out.append("0\r\n");
  FieldLines lines(out);
  for (const Field& field : trailers) {
    if (passes_upstream(field, identity_header)) lines.append(field);
  }
  lines.flush();
  out.append("\r\n");
}

void write_last_chunk_downstream(std::string& out, std::span<const Field> trailers) {
  out.append("0\r\n");
  FieldLines lines(out);
  for (const Field& field : trailers) {
    if (passes_downstream(field)) lines.append(field);
  }
  lines.flush();
  out.append("\r\n");
}

}  // namespace postern::http
