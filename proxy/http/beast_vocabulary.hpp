#pragma once
// Beast's names of fields, methods and statuses. Light; its parsers are not.

// Beast uses std::uint32_t here and does not include it.
#include <cstdint>

// Nor does Beast 1.81 include the streams that it uses.
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <ostream>
