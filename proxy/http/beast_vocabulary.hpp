#pragma once
// Beast's names of fields, methods and statuses. Light; its parsers are not.

// Beast 1.81 uses streams here and does not include them.
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <ostream>
