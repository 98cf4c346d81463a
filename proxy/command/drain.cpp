#include "command/drain.hpp"

#include "command/admin_client.hpp"
#include "command/usage.hpp"
#include "config/values/values.hpp"

namespace postern::command {
namespace {

struct Order {
  config::Milliseconds after{};
  bool wait = false;
};

// Nothing for arguments that are wrong.
std::optional<Order> parse(std::span<const std::string> arguments) {
  constexpr std::string_view after_is = "--after=";
  constexpr config::Milliseconds longest{3'600'000};
  Order order;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view value = arguments[i];
    if (value == "--wait") {
      order.wait = true;
      continue;
    }
    if (value == "--after" && i + 1 < arguments.size()) {
      value = arguments[++i];
    } else if (value.starts_with(after_is)) {
      value.remove_prefix(after_is.size());
    } else {
      return std::nullopt;
    }
    const auto after = config::parse_duration(value);
    if (!after || *after > longest) return std::nullopt;
    order.after = *after;
  }
  return order;
}

}  // namespace

int drain(std::span<const std::string> arguments, const Context& context) {
  const auto order = parse(arguments);
  if (!order) return misuse(context, "drain takes --after DURATION (at most 1h) and --wait");
  const auto settings = read_admin_settings(context);
  if (!settings) return misused;
  AdminQuestion question;
  question.method = boost::beast::http::verb::post;
  question.target = "/drain?after=" + config::to_string(order->after);
  question.at_most += order->after;
  if (order->wait) {
    question.target += "&wait=true";
    // What is cut then has seconds to say so.
    question.at_most += settings->drain_timeout + std::chrono::seconds(5);
  }
  return ask_admin(*settings, question, context);
}

}  // namespace postern::command
