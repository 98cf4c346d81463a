#include "observe/status/status_page.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "observe/causes.hpp"
#include "observe/status/diagnose.hpp"
#include "observe/status/html.hpp"
#include "observe/status/plot.hpp"

namespace postern::observe {
namespace {

constexpr std::size_t reasons_shown = 5;

// No value comes into the page but by this.
std::string shown(std::string_view text) {
  return escaped(without_user_info(text));
}

// What changes: the script puts in its place what the next page has under the same id.
std::string live(std::string_view element, std::string_view id, const std::string& content,
                 std::string_view attributes = "") {
  return "<" + std::string(element) + " id=\"" + std::string(id) + "\" data-live" + std::string(attributes) +
         ">" + content + "</" + std::string(element) + ">";
}

std::string cell(const std::string& content, std::string_view kind = "") {
  return (kind.empty() ? "<td>" : "<td class=\"" + std::string(kind) + "\">") + content + "</td>";
}

std::string state_of(const Status& status) {
  if (status.draining) return "<span class=\"state warn\">draining</span>";
  if (!status.ready) return "<span class=\"state bad\">not ready</span>";
  return "<span class=\"state good\">ready</span>";
}

std::string header(const Status& status) {
  const std::string about = shown(status.host) + " &middot; version " + shown(status.version) +
                            " &middot; up " + span_text(status.now - status.started_at) + " &middot; " +
                            time_text(status.now) + " UTC";
  return "<header><h1>Postern</h1>" + live("span", "state", state_of(status)) +
         live("span", "about", about, " class=\"about\"") +
         "<span id=\"lost\" class=\"lost\" role=\"status\" hidden>no answer: this is old</span>"
         "<button id=\"pause\" type=\"button\" aria-pressed=\"false\" hidden>Pause</button></header>";
}

std::string findings(const Status& status) {
  std::string out;
  for (const Finding& finding : diagnose(status)) {
    const std::string_view word = finding.severity == Severity::error     ? "error"
                                  : finding.severity == Severity::warning ? "warning"
                                                                          : "note";
    out += "<li class=\"" + std::string(word) + "\"><i>" + std::string(word) + "</i> <b>" +
           shown(finding.text) + "</b>" + shown(finding.remedy) + "</li>";
  }
  if (out.empty()) out = "<li class=\"fine\"><b>Nothing wrong is seen.</b></li>";
  return live("ul", "findings", out, " class=\"findings\" aria-label=\"Findings\"");
}

std::uint64_t sum_of(const auto& values) {
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

std::string tile(std::string_view name, const std::string& value) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + value + "</dd></div>";
}

std::string tiles(const Status& status) {
  const std::uint64_t all = sum_of(status.verdicts);
  const std::uint64_t refused = status.verdicts[index_of(CountedVerdict::refuse)];
  const double share = all == 0 ? 0 : 100 * static_cast<double>(refused) / static_cast<double>(all);
  double p95 = 0;
  for (auto minute = status.minutes.rbegin(); minute != status.minutes.rend() && p95 == 0; ++minute)
    p95 = minute->p95;
  return live("dl", "tiles",
              tile("Requests so far", grouped(all)) + tile("Requests a second", short_number(status.rate)) +
                  tile("Refused", short_number(share) + " %") +
                  tile("95 % answered within", duration_text(p95)) +
                  tile("In flight", grouped(status.in_flight)) +
                  tile("Client connections", grouped(status.client_connections)),
              " class=\"tiles\"");
}

std::string count_text(double value) {
  return value < 1 ? short_number(value) : grouped(static_cast<std::uint64_t>(std::llround(value)));
}

template <class Value>
Series series_of(const Status& status, std::string name, std::string_view color, Value value) {
  Series series{std::move(name), color, {}};
  for (const Minute& minute : status.minutes) series.values.push_back(static_cast<double>(value(minute)));
  return series;
}

Plot requests_plot(const Status& status) {
  constexpr std::array<std::string_view, 4> colors = {"c1", "c2", "c4", "c5"};
  Plot plot{"Requests a minute by verdict", PlotKind::stacked_bars, {}, count_text};
  for (std::size_t i = 0; i < verdict_names.size(); ++i) {
    Series series = series_of(status, std::string(verdict_names[i]), colors[i],
                              [i](const Minute& minute) { return minute.verdicts[i]; });
    const bool any =
        std::any_of(series.values.begin(), series.values.end(), [](double value) { return value > 0; });
    if (i < 2 || any) plot.series.push_back(std::move(series));
  }
  return plot;
}

using ReasonSums = std::array<std::uint64_t, reason_count>;

ReasonSums refusals_by_reason(const Status& status) {
  ReasonSums sums{};
  for (const Minute& minute : status.minutes) {
    for (std::size_t i = 0; i < reason_count; ++i) sums[i] += minute.refusals[i];
  }
  return sums;
}

std::vector<std::size_t> most_frequent(const ReasonSums& sums) {
  std::vector<std::size_t> order(reason_count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&sums](std::size_t a, std::size_t b) { return sums[a] > sums[b]; });
  return order;
}

// The most frequent reasons by name, and the others together.
Plot refusals_plot(const Status& status) {
  constexpr std::array<std::string_view, reasons_shown> colors = {"c3", "c2", "c4", "c1", "c5"};
  const ReasonSums sums = refusals_by_reason(status);
  const std::vector<std::size_t> order = most_frequent(sums);
  Plot plot{"Refusals a minute by reason", PlotKind::stacked_bars, {}, count_text};
  std::size_t shown = 0;
  for (; shown < reasons_shown && sums[order[shown]] != 0; ++shown) {
    plot.series.push_back(
        series_of(status, std::string(refusal_reasons[order[shown]].name), colors[shown],
                  [reason = order[shown]](const Minute& minute) { return minute.refusals[reason]; }));
  }
  if (shown == 0) plot.series.push_back(series_of(status, "none", "c6", [](const Minute&) { return 0; }));
  if (sums[order[shown]] != 0) {
    plot.series.push_back(series_of(status, "other reasons", "c6", [&order, shown](const Minute& minute) {
      std::uint64_t rest = 0;
      for (std::size_t i = shown; i < reason_count; ++i) rest += minute.refusals[order[i]];
      return rest;
    }));
  }
  return plot;
}

Plot latency_plot(const Status& status) {
  Plot plot{"Time to the end of the answer", PlotKind::lines, {}, duration_text};
  plot.series.push_back(
      series_of(status, "half within", "c1", [](const Minute& minute) { return minute.median; }));
  plot.series.push_back(
      series_of(status, "95 % within", "c2", [](const Minute& minute) { return minute.p95; }));
  return plot;
}

std::string plots(const Status& status) {
  return live("div", "plots",
              figure(requests_plot(status), History::most_minutes) +
                  figure(refusals_plot(status), History::most_minutes) +
                  figure(latency_plot(status), History::most_minutes),
              " class=\"plots\"");
}

std::string upstream_row(const Status& status) {
  const UpstreamStatus& upstream = status.upstream;
  std::string state = "not asked yet";
  if (upstream.state == UpstreamStatus::State::up) state = "<span class=\"state good\">up</span>";
  if (upstream.state == UpstreamStatus::State::down) state = "<span class=\"state bad\">down</span>";
  if (upstream.since != 0 && upstream.state != UpstreamStatus::State::unknown) {
    state += " for " + span_text(status.now - upstream.since);
  }
  if (!upstream.problem.empty()) state += ": " + shown(upstream.problem);
  return "<tr>" + cell("Upstream") + cell(shown(upstream.address), "code") + cell(state) + "</tr>";
}

std::string key_row(const Status& status, const KeySourceStatus& source) {
  std::string state = grouped(source.keys) + (source.keys == 1 ? " key" : " keys");
  const std::int64_t age = status.now - source.last_success;
  if (source.is_set && !source.is_file) {
    state += source.last_success == 0
                 ? ", never fetched"
                 : ", fetched " + span_text(age) + " ago, every " + span_text(source.refresh_seconds);
    if (source.last_success != 0 && source.refresh_seconds != 0 && age > 2 * source.refresh_seconds) {
      state +=
          "; <span class=\"state bad\">stale</span>, usable up to " + span_text(source.max_stale_seconds);
    }
  }
  if (!source.problem.empty()) {
    state += "; <span class=\"state bad\">the last fetch failed: " + shown(source.problem) + "</span>";
  }
  std::string place = shown(source.name);
  if (!source.issuer.empty()) place += "<br>issuer " + shown(source.issuer);
  return "<tr>" + cell(source.is_set ? "Key set" : "Secret") + cell(place, "code") + cell(state) + "</tr>";
}

std::string sources(const Status& status) {
  std::string rows = upstream_row(status);
  for (const KeySourceStatus& source : status.keys) rows += key_row(status, source);
  if (status.certificate_not_after != 0) {
    rows += "<tr>" + cell("Certificate") + cell("POSTERN_TLS_CERT", "code") +
            cell("until " + time_text(status.certificate_not_after) + " UTC") + "</tr>";
  }
  return "<section><h2>Upstream and "
         "keys</h2><table><thead><tr><th>What</th><th>Where</th><th>State</th></tr></thead>" +
         live("tbody", "sources", rows) + "</table></section>";
}

// What each reason of the last hour means, the most frequent first.
std::string reasons(const Status& status) {
  const auto sums = refusals_by_reason(status);
  std::string rows;
  for (const std::size_t reason : most_frequent(sums)) {
    if (sums[reason] == 0) break;
    const std::string_view name = refusal_reasons[reason].name;
    const CauseText& cause = text_of(general_cause(name));
    rows += "<tr>" + cell(grouped(sums[reason])) + cell(shown(name)) +
            cell("<b>" + shown(cause.text) + ".</b> " + shown(cause.remedy), "wrap") + "</tr>";
  }
  if (rows.empty()) rows = "<tr><td colspan=\"3\">no request was refused</td></tr>";
  return "<section><h2>Reasons of the last hour</h2><table><thead><tr><th>Requests</th><th>Reason</th>"
         "<th>What it is, and what helps</th></tr></thead>" +
         live("tbody", "reasons", rows) + "</table></section>";
}

std::string refusals(const Status& status) {
  std::string rows;
  for (const Refusal& refusal : status.refusals) {
    rows += "<tr>" + cell(time_text(refusal.unix_microseconds / 1'000'000)) +
            cell(std::to_string(refusal.status)) + cell(shown(refusal.reason)) +
            cell(shown(refusal.method), "code") + cell(shown(refusal.rule), "code") +
            cell(shown(refusal.request_id), "code") + "</tr>";
  }
  if (rows.empty()) rows = "<tr><td colspan=\"6\">none so far</td></tr>";
  return "<section><h2 id=\"last\">The last 50 refusals</h2>"
         "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
         "aria-labelledby=\"last\"><table><thead><tr><th>Time (UTC)</th>"
         "<th>Status</th><th>Reason</th><th>Method</th><th>Rule</th><th>Request id</th></tr></thead>" +
         live("tbody", "refusals", rows) + "</table></div></section>";
}

std::string configuration(const Status& status) {
  std::string rows;
  for (const auto& [name, value] : status.configuration) {
    rows += "<tr>" + cell(shown(name), "code") + cell(shown(value), "code") + "</tr>";
  }
  return "<details><summary>Configuration in force</summary><table>" + live("tbody", "configuration", rows) +
         "</table></details>";
}

}  // namespace

std::string status_page(const Status& status) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Postern: ";
  out.append(shown(status.host)).append("</title>");
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"icon\" "
      "href=\"data:,\">"
      "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript><style>";
  out.append(page_style).append("</style></head><body>");
  out += header(status) + "<main>" + findings(status) + tiles(status) + plots(status) + sources(status) +
         reasons(status) + refusals(status) + configuration(status) + "</main>";
  out +=
      "<footer>Times are UTC. The reason of a single request: its id in the log, or <code>postern "
      "explain</code>. "
      "For machines: <a href=\"/metrics\">/metrics</a>.</footer><script>";
  return out.append(page_script).append("</script></body></html>\n");
}

}  // namespace postern::observe
