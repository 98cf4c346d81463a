#pragma once
// What a traceparent field says (W3C Trace Context, level 1).

#include <string_view>

namespace postern::observe {

// The 32 hex digits of the trace id; empty for a field that is not valid. The view is into `traceparent`,
// which comes without outer white space. Whoever finds the field twice has none (3.2).
std::string_view trace_id_of(std::string_view traceparent) noexcept;

}  // namespace postern::observe
