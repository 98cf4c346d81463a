#include "http/message_parser.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <utility>

#include "http/byte_class.hpp"
#include "http/head_rules.hpp"

namespace postern::http {
namespace {

using boost::beast::http::verb;

std::string_view view_of(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

// Ends Beast's reading from a callback; why is kept beside.
void stop(boost::beast::error_code& error) {
  error = boost::beast::http::error::bad_field;
}

}  // namespace

template <bool isRequest>
MessageParser<isRequest>::MessageParser(std::size_t max_head_bytes)
    : limit_(max_head_bytes),
      scan_(isRequest ? HeadScan::Kind::request : HeadScan::Kind::response, max_head_bytes) {
  // Beast counts the start line and the fields apart; the scan limits both together. Bodies are counted by
  // those who pass them on.
  this->header_limit(std::numeric_limits<std::uint32_t>::max());
  this->body_limit(boost::none);
}

template <bool isRequest>
void MessageParser<isRequest>::reset() {
  std::vector<Field> memory = std::move(trailers_);
  memory.clear();
  *this = MessageParser(limit_);  // Beast's parser knows no other way either
  trailers_ = std::move(memory);
}

template <bool isRequest>
ParseState MessageParser<isRequest>::refuse(HeadFault fault) noexcept {
  fault_ = fault;
  phase_ = Phase::refused;
  return ParseState::refused;
}

template <bool isRequest>
ParseState MessageParser<isRequest>::parse(std::string_view buffer, std::string_view request_method,
                                           Head& head) {
  if (phase_ == Phase::refused) return ParseState::refused;
  if (phase_ > Phase::head) return ParseState::complete;
  if (phase_ == Phase::fresh) {
    head.clear();
    this->skip(request_method == "HEAD");
    phase_ = Phase::head;
  }
  head_ = &head;
  HeadScan::State seen = scan_.scan(buffer);
  if (seen == HeadScan::State::start_line) {
    // At once, so that who never ends the head hears what is wrong with the line.
    const std::size_t begin = scan_.start_line_begin();
    const HeadFault fault = read_start_line(buffer.substr(begin, scan_.line_begin() - begin));
    if (fault != HeadFault::none) return refuse(fault);
    fields_begin_ = scan_.line_begin();
    seen = scan_.scan(buffer);
  }
  if (seen == HeadScan::State::refused) return refuse(first_fault(buffer.substr(0, limit_)));
  if (seen == HeadScan::State::incomplete) return ParseState::incomplete;
  HeadFault fault = read_fields(buffer.substr(fields_begin_, scan_.line_begin() - fields_begin_));
  if (fault == HeadFault::none) {
    if constexpr (isRequest) {
      fault = conclude(facts_, head);
    } else {
      fault = conclude(facts_, request_method, head);
    }
  }
  if (fault == HeadFault::none && !readings_agree()) fault = HeadFault::readings_differ;
  if (fault != HeadFault::none) return refuse(fault);
  phase_ = Phase::body;
  return ParseState::complete;
}

// The scan has found a fault. What the lines before it say is read all the same: it may be wrong, too, and an
// answer needs some of it.
template <bool isRequest>
HeadFault MessageParser<isRequest>::first_fault(std::string_view bytes) {
  if (fields_begin_ == 0) return scan_.fault();
  // Beast ends a line only when it has seen that the next one is no continuation.
  const std::size_t end = std::min(scan_.line_begin() + 1, bytes.size());
  const HeadFault fault = read_fields(bytes.substr(fields_begin_, end - fields_begin_));
  return fault != HeadFault::none ? fault : scan_.fault();
}

// `line` with its CRLF.
template <bool isRequest>
HeadFault MessageParser<isRequest>::read_start_line(std::string_view line) {
  // RFC 9112 4 wants a space behind the status, which servers leave out with the reason; so does Beast.
  constexpr std::size_t bare_status = std::string_view("HTTP/1.1 200\r\n").size();
  std::array<char, bare_status + 1> spaced;
  const bool lacks_space = !isRequest && line.size() == bare_status;
  if (lacks_space) {
    std::copy(line.begin(), line.end() - 2, spaced.begin());
    std::copy_n(" \r\n", 3, spaced.end() - 3);
    line = {spaced.data(), spaced.size()};
  }
  boost::beast::error_code error;
  const std::size_t read = Base::put(boost::asio::const_buffer(line.data(), line.size()), error);
  if (error == boost::beast::http::error::need_more && read == line.size()) {
    if constexpr (!isRequest) {
      if (lacks_space) head_->reason = {};
    }
    return HeadFault::none;
  }
  return fault_ != HeadFault::none ? fault_ : start_line_fault(line, isRequest);
}

// none also where the lines end before the head does.
template <bool isRequest>
HeadFault MessageParser<isRequest>::read_fields(std::string_view lines) {
  boost::beast::error_code error;
  const std::size_t read = Base::put(boost::asio::const_buffer(lines.data(), lines.size()), error);
  if (!error && read == lines.size()) return HeadFault::none;
  if (error == boost::beast::http::error::need_more) return HeadFault::none;
  if (fault_ != HeadFault::none) return fault_;
  // Beast judges a framing field before the callback hears of it. What the rules of this gate say of the line
  // that it stopped at is told.
  const std::string_view line = lines.substr(read, lines.find('\r', read) - read);
  const HeadFault name_fault = field_names_fault(lines.substr(read, line.size() + 2));
  if (name_fault != HeadFault::none) return name_fault;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return HeadFault::readings_differ;
  const Field field(line.substr(0, colon), without_outer_space(line.substr(colon + 1)));
  const HeadFault fault = note_head_field(field, facts_, *head_);
  return fault != HeadFault::none ? fault : HeadFault::readings_differ;
}

template <bool isRequest>
bool MessageParser<isRequest>::readings_agree() const {
  if (!this->is_header_done()) return false;
  const auto length = this->content_length();
  if (length.has_value() != facts_.has_content_length) return false;
  if (length.has_value() && *length != facts_.content_length) return false;
  if (this->chunked() != facts_.chunked) return false;
  if (this->need_eof() != (head_->framing == Framing::until_close)) return false;
  // Beast takes Proxy-Connection for Connection. It is nothing that this gate goes by (RFC 9112 C.2.2).
  if (facts_.proxy_connection) return true;
  // On HTTP/1.0 Beast lets keep-alive win over close.
  const bool persists = head_->version == Version::http_1_1 ? !facts_.close : facts_.keep_alive;
  return this->upgrade() == facts_.upgrade && this->keep_alive() == (persists && !this->need_eof());
}

template <bool isRequest>
BodyStep MessageParser<isRequest>::next(std::string_view input) {
  using State = BodyStep::State;
  pending_ = 0;
  if (phase_ == Phase::done) return {State::finished, 0, {}};
  if (phase_ != Phase::body || !facts_.chunked || this->skip()) phase_ = Phase::refused;
  std::size_t consumed = 0;
  while (phase_ == Phase::body) {
    const std::string_view rest = input.substr(consumed);
    if (body_.left() != 0 && rest.empty()) return {State::need_input, consumed, {}};
    if (body_.left() != 0) return read_data(rest, consumed);
    const std::size_t framing = read_framing(rest);
    consumed += framing;
    if (phase_ == Phase::done) return {State::finished, consumed, {}};
    if (framing == 0 && phase_ == Phase::body) {
      pending_ = rest.size();
      return {State::need_input, consumed, {}};
    }
  }
  return {State::refused, consumed, {}};
}

template <bool isRequest>
BodyStep MessageParser<isRequest>::read_data(std::string_view input, std::size_t consumed) {
  boost::beast::error_code error;
  piece_ = {};
  const std::size_t read = Base::put(boost::asio::const_buffer(input.data(), input.size()), error);
  if (error || read == 0 || read != piece_.size() || read > body_.left()) {
    body_.refuse(ChunkFault::readings_differ);
    phase_ = Phase::refused;
    return {BodyStep::State::refused, consumed, {}};
  }
  body_.pass_data(read);
  return {BodyStep::State::data, consumed + read, piece_};
}

template <bool isRequest>
std::size_t MessageParser<isRequest>::read_framing(std::string_view input) {
  const std::size_t size = body_.find_framing(input);
  const bool last = body_.is_last();
  if (size != 0) {
    if (!put(input.substr(0, size))) {
      body_.refuse_framing(input);
    } else if (last != this->is_done()) {
      body_.refuse(ChunkFault::readings_differ);
    }
  }
  if (body_.fault() != ChunkFault::none) {
    phase_ = Phase::refused;
    return 0;
  }
  if (size == 0) return 0;
  if (last) phase_ = Phase::done;
  body_.pass_framing();
  return size;
}

template <bool isRequest>
bool MessageParser<isRequest>::put(std::string_view bytes) {
  boost::beast::error_code error;
  return Base::put(boost::asio::const_buffer(bytes.data(), bytes.size()), error) == bytes.size() && !error;
}

template <bool isRequest>
void MessageParser<isRequest>::on_request_impl(verb known, text method, text target, int version,
                                               error_code& /*error*/) {
  if constexpr (isRequest) {
    head_->method = view_of(method);
    head_->verb = known;
    head_->target = view_of(target);
    head_->version = version == 11 ? Version::http_1_1 : Version::http_1_0;
  }
}

template <bool isRequest>
void MessageParser<isRequest>::on_response_impl(int code, text reason, int version, error_code& error) {
  if constexpr (!isRequest) {
    head_->status = static_cast<unsigned>(code);
    head_->reason = view_of(reason);
    head_->version = version == 11 ? Version::http_1_1 : Version::http_1_0;
    if (code >= 100 && code <= 599) return;
    fault_ = HeadFault::malformed_status_line;
    stop(error);
  }
}

template <bool isRequest>
void MessageParser<isRequest>::on_field_impl(FieldName known, text name, text value, error_code& error) {
  const Field field(view_of(name), view_of(value), known);
  if (phase_ == Phase::body) return on_trailer(field, error);
  const bool room = head_->fields.size() < max_field_lines;
  fault_ = room ? note_head_field(field, facts_, *head_) : HeadFault::head_too_large;
  if (fault_ != HeadFault::none) return stop(error);
  head_->fields.push_back(field);
}

template <bool isRequest>
void MessageParser<isRequest>::on_trailer(const Field& field, error_code& error) {
  if (trailers_.size() == max_trailers) body_.refuse(ChunkFault::line_too_long);
  // RFC 9110 6.5.1. Beast 1.81 heeds them.
  if (field.known == FieldName::content_length || field.known == FieldName::transfer_encoding) {
    body_.refuse(ChunkFault::malformed_trailer);
  }
  if (body_.fault() != ChunkFault::none) return stop(error);
  trailers_.push_back(field);
}

#if BOOST_BEAST_VERSION >= 359
template <bool isRequest>
void MessageParser<isRequest>::on_trailer_field_impl(FieldName known, text name, text value,
                                                     error_code& error) {
  on_trailer({view_of(name), view_of(value), known}, error);
}
#endif

template <bool isRequest>
void MessageParser<isRequest>::on_chunk_header_impl(std::uint64_t size, text extension, error_code& error) {
  if (body_.agrees(size, extension.size())) return;
  body_.refuse(ChunkFault::readings_differ);
  stop(error);
}

template <bool isRequest>
std::size_t MessageParser<isRequest>::on_chunk_body_impl(std::uint64_t /*remaining*/, text piece,
                                                         error_code& /*error*/) {
  piece_ = view_of(piece);
  return piece.size();
}

template class MessageParser<true>;
template class MessageParser<false>;

}  // namespace postern::http
