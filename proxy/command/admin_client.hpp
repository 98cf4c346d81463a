#pragma once
// Asks the running proxy over its admin listener, for `postern health` and `postern drain`.

#include <boost/beast/http/verb.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "command/context.hpp"
#include "config/config.hpp"

namespace postern::command {

struct AdminQuestion {
  boost::beast::http::verb method = boost::beast::http::verb::get;
  std::string target;
  std::chrono::milliseconds at_most{3000};  // from the connection to the answer's last byte
};

// The environment without its files: a secret that is just being replaced makes no running proxy ill.
// Nothing, said on context.err, where POSTERN_ADMIN_LISTEN names no address that could be asked.
std::optional<config::Config> read_admin_settings(const Context& context);

// 200 prints the answer and is `done`; anything else, and no answer, is said on context.err and `failed`.
// `settings` from read_admin_settings().
int ask_admin(const config::Config& settings, const AdminQuestion& question, const Context& context);

}  // namespace postern::command
