#include "token/json_object.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "token/json_texts.hpp"

namespace postern::token {
namespace {

using boost::json::error_code;
using boost::json::string_view;

Number split(double value) noexcept {
  constexpr auto limit = 9223372036854775808.0;  // 2^63
  if (value >= limit) return {std::numeric_limits<std::int64_t>::max(), 0};
  if (value < -limit) return {std::numeric_limits<std::int64_t>::min(), 0};
  const double whole = std::floor(value);
  return {static_cast<std::int64_t>(whole), value - whole};
}

// What boost::json::basic_parser calls, event by event.
class MemberHandler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  explicit MemberHandler(std::vector<std::string> wanted)
      : texts_wanted_(std::move(wanted)),
        wanted_(texts_wanted_.begin(), texts_wanted_.end()),
        members_(wanted_.size()) {}
  MemberHandler(const MemberHandler&) = delete;
  MemberHandler& operator=(const MemberHandler&) = delete;

  void begin(std::string_view input) {
    texts_.begin(input);
    std::ranges::fill(members_, Member{});
    names_.clear();
    elements_.clear();
    // An element takes `0,` at least, so that spans of them stay valid.
    elements_.reserve(input.size() / 2 + 1);
    depth_ = 0;
    target_ = collecting_ = single_ = nullptr;
  }

  [[nodiscard]] std::span<const Member> members() const noexcept { return members_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code&) {
    see_other();
    if (depth_ == 1) single_ = target_;
    first_name_[depth_++] = names_.size();
    return true;
  }

  bool on_object_end(std::size_t, error_code& error) {
    const std::size_t first = first_name_[--depth_];
    if (!all_differ(std::span(names_).subspan(first))) return refuse(error);
    if (depth_ == 1 && single_ != nullptr) {
      if (names_.size() != first + 1) single_->kind = MemberKind::other;
      single_ = nullptr;
    }
    names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(first), names_.end());
    return true;
  }

  bool on_array_begin(error_code& error) {
    if (depth_ == 0) return refuse(error);
    see_other();
    if (depth_ == 1 && target_ != nullptr) {
      target_->kind = MemberKind::list;
      collecting_ = target_;
      first_element_ = elements_.size();
    }
    ++depth_;
    return true;
  }

  bool on_array_end(std::size_t, error_code&) {
    if (--depth_ == 1 && collecting_ != nullptr) {
      collecting_->list = std::span(elements_).subspan(first_element_);
      collecting_ = nullptr;
    }
    return true;
  }

  bool on_key_part(string_view part, std::size_t, error_code&) {
    texts_.add(part);
    return true;
  }

  bool on_key(string_view last, std::size_t, error_code&) {
    const MemberName& name = names_.emplace_back(texts_.finish(last));
    if (depth_ == 2 && single_ != nullptr) single_->name = name.text;
    if (depth_ == 1) {
      const auto found = std::find(wanted_.begin(), wanted_.end(), name);
      target_ =
          found == wanted_.end() ? nullptr : &members_[static_cast<std::size_t>(found - wanted_.begin())];
    }
    return true;
  }

  bool on_string_part(string_view part, std::size_t, error_code&) {
    if (wants_text()) texts_.add(part);
    return true;
  }

  bool on_string(string_view last, std::size_t, error_code& error) {
    if (depth_ == 0) return refuse(error);
    if (!wants_text()) return true;
    const std::string_view text = texts_.finish(last);
    if (depth_ == 1) {
      target_->kind = MemberKind::string;
      target_->text = text;
    } else if (single_ != nullptr) {
      single_->kind = MemberKind::single;  // until the object's end finds another member
      single_->text = text;
    } else {
      elements_.push_back({ClaimText::Kind::string, text});
    }
    return true;
  }

  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, string_view text, error_code& error) {
    return see_number({value, 0}, text, error);
  }
  bool on_uint64(std::uint64_t, string_view text, error_code& error) {  // only what is beyond int64_t
    return see_number({std::numeric_limits<std::int64_t>::max(), 0}, text, error);
  }
  bool on_double(double value, string_view text, error_code& error) {
    return std::isfinite(value) ? see_number(split(value), text, error) : see_scalar(error);
  }
  bool on_bool(bool value, error_code& error) {
    if (depth_ == 0) return refuse(error);
    if (!wants_text()) return true;
    const std::string_view text = value ? "true" : "false";
    if (depth_ == 1) {
      target_->kind = MemberKind::boolean;
      target_->text = text;
    } else {
      see_element({ClaimText::Kind::boolean, text});
    }
    return true;
  }
  bool on_null(error_code& error) { return see_scalar(error); }
  bool on_comment_part(string_view, error_code& error) { return refuse(error); }
  bool on_comment(string_view, error_code& error) { return refuse(error); }

 private:
  static bool refuse(error_code& error) {
    error = make_error_code(boost::json::error::syntax);
    return false;
  }

  // A value of a top-level member that is wanted, or an element of such a one?
  [[nodiscard]] bool wants_text() const noexcept {
    return depth_ == 1 ? target_ != nullptr : depth_ == 2 && (collecting_ != nullptr || single_ != nullptr);
  }

  void see_other() noexcept {
    if (!wants_text()) return;
    Member* const seen = depth_ == 1 ? target_ : single_ != nullptr ? single_ : collecting_;
    seen->kind = MemberKind::other;
  }

  // A scalar that is no string, inside a wanted array or object.
  void see_element(ClaimText element) {
    if (single_ != nullptr) return see_other();
    elements_.push_back(element);
  }

  bool see_scalar(error_code& error) {
    if (depth_ == 0) return refuse(error);
    see_other();
    return true;
  }

  bool see_number(Number number, std::string_view text, error_code& error) {
    if (depth_ == 0) return refuse(error);
    if (!wants_text()) return true;
    if (depth_ == 2) {
      if (is_integer(text)) {
        see_element({ClaimText::Kind::integer, text});
      } else {
        see_other();
      }
      return true;
    }
    target_->kind = MemberKind::number;
    target_->number = number;
    target_->text = text;
    return true;
  }

  const std::vector<std::string> texts_wanted_;
  const std::vector<MemberName> wanted_;
  std::vector<Member> members_;
  TextJoiner texts_;
  std::vector<MemberName> names_;    // of all objects open, outermost first
  std::vector<ClaimText> elements_;  // of the arrays that members_ point into
  std::array<std::size_t, max_json_depth> first_name_{};
  std::size_t depth_ = 0;  // containers open
  std::size_t first_element_ = 0;
  Member* target_ = nullptr;      // whose value comes at depth 1
  Member* collecting_ = nullptr;  // whose array is open
  Member* single_ = nullptr;      // whose object is open
};

boost::json::parse_options strict() {
  boost::json::parse_options options;  // comments, trailing commas and invalid UTF-8 are refused
  options.max_depth = max_json_depth;
  return options;
}

}  // namespace

bool is_integer(std::string_view number) noexcept {
  return !number.empty() && number.find_first_of(".eE") == std::string_view::npos;
}

ClaimValue claim_value(const Member& member) noexcept {
  using enum ClaimValue::Kind;
  switch (member.kind) {
    case MemberKind::absent:
      return {absent, {}, {}};
    case MemberKind::string:
      return {string, member.text, {}};
    case MemberKind::boolean:
      return {boolean, member.text, {}};
    case MemberKind::list:
      return {list, {}, member.list};
    case MemberKind::number:
      if (is_integer(member.text)) return {integer, member.text, {}};
      break;
    case MemberKind::single:
    case MemberKind::other:
      break;
  }
  return {other, {}, {}};
}

struct ObjectReader::State {
  explicit State(std::vector<std::string> names) : parser(strict(), std::move(names)) {}

  boost::json::basic_parser<MemberHandler> parser;
};

ObjectReader::ObjectReader(std::vector<std::string> names)
    : state_(std::make_unique<State>(std::move(names))) {}
ObjectReader::~ObjectReader() = default;
ObjectReader::ObjectReader(ObjectReader&&) noexcept = default;
ObjectReader& ObjectReader::operator=(ObjectReader&&) noexcept = default;

bool ObjectReader::read(std::string_view text) {
  auto& parser = state_->parser;
  parser.reset();
  parser.handler().begin(text);
  error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  return !error && used == text.size();
}

std::span<const Member> ObjectReader::members() const noexcept {
  return state_->parser.handler().members();
}

}  // namespace postern::token
