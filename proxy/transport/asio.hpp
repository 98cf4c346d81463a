// Guarded by a name: it is precompiled, and a compiler cache may keep that longer than this file's time
// stamp, by which `#pragma once` knows a file.
#ifndef POSTERN_TRANSPORT_ASIO_HPP
#define POSTERN_TRANSPORT_ASIO_HPP

// The few names of Asio that the net room speaks, with concrete executor types: a polymorphic executor costs
// an allocation and two indirect calls per operation.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "transport/coroutine_frames.hpp"

namespace postern::transport {

namespace asio = boost::asio;
using boost::system::error_code;

using Clock = std::chrono::steady_clock;
using Executor = asio::io_context::executor_type;
template <class T = void>
using Awaitable = asio::awaitable<T, Executor>;

// TCP and unix-domain sockets alike.
using Protocol = asio::generic::stream_protocol;
using Socket = asio::basic_stream_socket<Protocol, Executor>;
using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

// A habit of this room: the result of co_await goes into a variable first and is tested then. GCC 12 has lost
// its way in coroutines that test it within the condition.

// Completes with a tuple whose first element is the error code; nothing in this room throws for an I/O error.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> use_tuple{};

}  // namespace postern::transport

#endif  // POSTERN_TRANSPORT_ASIO_HPP
