// Guarded by a name: it is precompiled, and a compiler cache may keep that longer than this file's time
// stamp, by which `#pragma once` knows a file.
#ifndef POSTERN_TRANSPORT_BEAST_HPP
#define POSTERN_TRANSPORT_BEAST_HPP

// What of Beast is used off the request path. Its headers are slow to compile: for precompiled headers.

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>

#include "transport/asio.hpp"

namespace postern::transport {

namespace beast = boost::beast;

}  // namespace postern::transport

#endif  // POSTERN_TRANSPORT_BEAST_HPP
