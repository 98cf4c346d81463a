#include "observe/metrics/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace postern::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr std::array<std::string_view, 2> success_names = {"success", "failure"};
constexpr std::array<std::string_view, 2> hit_names = {"hit", "miss"};

// Codes that have a line before they are first sent, so that a rate sees the first one.
constexpr std::array<unsigned, 12> usual_forwarded = {200, 201, 204, 304, 400, 404,
                                                      409, 422, 500, 502, 503, 504};
constexpr std::array<unsigned, 10> usual_refused = {400, 401, 403, 404, 405, 408, 413, 429, 431, 503};

ClientMetric::Label label(std::string_view name, std::string_view value) {
  return {std::string(name), std::string(value)};
}

// One family under way; `prefix` stands before all names but those of the process.
class Family {
 public:
  Family(std::string_view name, std::string_view help, MetricType type,
         std::string_view prefix = "postern_") {
    family_.name.append(prefix).append(name);
    family_.help = help;
    family_.type = type;
  }

  Family& add(Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  Family& add(Labels labels, std::uint64_t value) {
    return add(std::move(labels), static_cast<double>(value));
  }

  template <std::size_t Count>
  Family& add_histogram(Labels labels, const std::array<double, Count>& bounds, const Totals& totals,
                        std::size_t first) {
    ClientMetric metric;
    metric.label = std::move(labels);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < Count; ++i) {
      sum += totals[first + i];
      metric.histogram.bucket.push_back({sum, bounds[i]});
    }
    metric.histogram.sample_count = sum + totals[first + Count];
    metric.histogram.sample_sum = static_cast<double>(totals[first + Count + 1]) / 1e9;
    family_.metric.push_back(std::move(metric));
    return *this;
  }

  // A line for each name.
  template <std::size_t Count>
  Family& add_each(std::string_view label_name, const std::array<std::string_view, Count>& names,
                   const Totals& totals, std::size_t first) {
    for (std::size_t i = 0; i < Count; ++i) add({label(label_name, names[i])}, totals[first + i]);
    return *this;
  }

  void append_to(std::vector<MetricFamily>& out) {
    if (!family_.metric.empty()) out.push_back(std::move(family_));
  }

 private:
  MetricFamily family_;
};

Family counter(std::string_view name, std::string_view help) {
  return {name, help, MetricType::Counter};
}
Family gauge(std::string_view name, std::string_view help) {
  return {name, help, MetricType::Gauge};
}
Family histogram(std::string_view name, std::string_view help) {
  return {name, help, MetricType::Histogram};
}

bool is_usual(CountedVerdict verdict, unsigned code) {
  const auto holds = [code](const auto& codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
  };
  if (verdict == CountedVerdict::forward) return holds(usual_forwarded);
  return verdict == CountedVerdict::refuse && holds(usual_refused);
}

void append_requests(std::vector<MetricFamily>& out, const Totals& totals) {
  Family requests = counter("requests_total", "Requests by verdict and by the status that was sent.");
  for (std::size_t i = 0; i < verdict_names.size(); ++i) {
    const auto verdict = static_cast<CountedVerdict>(i);
    requests.add({label("verdict", verdict_names[i]), label("code", "none")}, totals.requests(verdict, 0));
    for (unsigned code = cells::first_code; code <= cells::last_code; ++code) {
      const std::uint64_t count = totals.requests(verdict, code);
      if (count == 0 && !is_usual(verdict, code)) continue;
      requests.add({label("verdict", verdict_names[i]), label("code", std::to_string(code))}, count);
    }
  }
  requests.append_to(out);
  Family refusals = counter("refusals_total", "Refused requests by reason, as the log names it.");
  Family shadow = counter("shadow_refusals_total", "Requests that shadow mode let pass, by reason.");
  for (std::size_t i = 0; i < reason_count; ++i) {
    refusals.add({label("reason", refusal_reasons[i].name)}, totals[cells::refusals + i]);
    shadow.add({label("reason", refusal_reasons[i].name)}, totals[cells::shadow_refusals + i]);
  }
  refusals.append_to(out);
  shadow.append_to(out);
}

void append_durations(std::vector<MetricFamily>& out, const Totals& totals) {
  Family requests =
      histogram("request_duration_seconds", "From a whole request head to the end of the answer.");
  for (std::size_t i = 0; i < verdict_names.size(); ++i) {
    requests.add_histogram({label("verdict", verdict_names[i])}, request_bounds, totals,
                           cells::duration_of(static_cast<CountedVerdict>(i)));
  }
  requests.append_to(out);
  histogram("upstream_duration_seconds", "From the first byte sent upstream to the head of its answer.")
      .add_histogram({}, request_bounds, totals, cells::upstream_duration)
      .append_to(out);
  histogram("gate_duration_seconds", "Postern's own share of a request.")
      .add_histogram({}, gate_bounds, totals, cells::gate_duration)
      .append_to(out);
}

void append_connections(std::vector<MetricFamily>& out, const Totals& totals) {
  gauge("requests_in_flight", "Requests that are being served.").add({}, totals.in_flight()).append_to(out);
  Family connections = gauge("connections", "Open connections by side and state.");
  for (std::size_t side = 0; side < side_names.size(); ++side) {
    for (std::size_t state = 0; state < state_names.size(); ++state) {
      connections.add({label("side", side_names[side]), label("state", state_names[state])},
                      totals.connections(static_cast<Side>(side), static_cast<ConnectionState>(state)));
    }
  }
  connections.append_to(out);
  counter("upstream_connections_opened_total", "Attempts to connect to the upstream.")
      .add_each("result", success_names, totals, cells::upstream_opened)
      .append_to(out);
  counter("upstream_pool_total", "Requests that found an idle upstream connection, or none.")
      .add_each("result", hit_names, totals, cells::pool)
      .append_to(out);
  counter("streams_closed_total", "Streams and websockets that ended, by why.")
      .add_each("why", stream_end_names, totals, cells::stream_ends)
      .append_to(out);
  counter("token_cache_total", "Tokens that were looked up among the verified ones.")
      .add_each("result", hit_names, totals, cells::token_cache)
      .append_to(out);
  gauge("token_cache_entries", "Verified tokens that are remembered, all threads together.")
      .add({}, totals[cells::token_cache_entries])
      .append_to(out);
}

template <class Number>
Number value_of(const std::atomic<Number>& cell) {
  return cell.load(std::memory_order_relaxed);
}

void append_key_sets(std::vector<MetricFamily>& out, const SharedMetrics& shared) {
  Family fetches = counter("jwks_fetches_total", "Fetches of a key set, by what caused them.");
  Family success = gauge("jwks_last_success_timestamp_seconds", "When a key set was last fetched; 0: never.");
  Family keys = gauge("jwks_keys", "Usable keys of the set in force.");
  Family unknown = counter("jwks_unknown_kid_total", "Requests whose key was not in the set.");
  std::size_t number = 0;
  for (const KeySetMetrics& set : shared.key_sets) {
    const auto issuer = label("issuer", std::to_string(++number));
    for (std::size_t i = 0; i < trigger_names.size(); ++i) {
      for (std::size_t j = 0; j < success_names.size(); ++j) {
        fetches.add({issuer, label("trigger", trigger_names[i]), label("result", success_names[j])},
                    value_of(set.fetches[i][j]));
      }
    }
    success.add({issuer}, static_cast<double>(value_of(set.last_success)));
    for (std::size_t i = 0; i < algorithm_names.size(); ++i) {
      keys.add({issuer, label("alg", algorithm_names[i])}, value_of(set.keys[i]));
    }
    for (std::size_t i = 0; i < unknown_kid_names.size(); ++i) {
      unknown.add({issuer, label("outcome", unknown_kid_names[i])}, value_of(set.unknown_kids[i]));
    }
  }
  for (Family* family : {&fetches, &success, &keys, &unknown}) family->append_to(out);
}

void append_shared(std::vector<MetricFamily>& out, const SharedMetrics& shared) {
  append_key_sets(out, shared);
  counter("config_reloads_total", "Reloads of keys, certificates and the revoked list.")
      .add({label("result", success_names[0])}, value_of(shared.reloads[0]))
      .add({label("result", success_names[1])}, value_of(shared.reloads[1]))
      .append_to(out);
  gauge("config_last_reload_success_timestamp_seconds", "When that last went well; the start counts.")
      .add({}, static_cast<double>(value_of(shared.last_reload_success)))
      .append_to(out);
  const std::int64_t not_after = value_of(shared.certificate_not_after);
  if (not_after == 0) return;
  gauge("tls_certificate_not_after_timestamp_seconds", "Until when the certificate in front is valid.")
      .add({}, static_cast<double>(not_after))
      .append_to(out);
}

void append_process(std::vector<MetricFamily>& out, const ProcessFigures& process) {
  const auto append = [&out](std::string_view name, std::string_view help, MetricType type, double value) {
    Family(name, help, type, "process_").add({}, value).append_to(out);
  };
  append("cpu_seconds_total", "User and system CPU time.", MetricType::Counter, process.cpu_seconds);
  append("start_time_seconds", "When the process began, in Unix seconds.", MetricType::Gauge,
         process.start_time);
  append("virtual_memory_bytes", "Address space.", MetricType::Gauge,
         static_cast<double>(process.virtual_bytes));
  append("resident_memory_bytes", "Resident memory.", MetricType::Gauge,
         static_cast<double>(process.resident_bytes));
  append("threads", "Threads.", MetricType::Gauge, static_cast<double>(process.threads));
  if (process.open_descriptors) {
    append("open_fds", "Open file descriptors.", MetricType::Gauge,
           static_cast<double>(*process.open_descriptors));
  }
  if (process.most_descriptors) {
    append("max_fds", "Limit of open file descriptors.", MetricType::Gauge,
           static_cast<double>(*process.most_descriptors));
  }
}

}  // namespace

std::vector<MetricFamily> families(const Scrape& scrape) {
  std::vector<MetricFamily> out;
  append_requests(out, scrape.totals);
  append_durations(out, scrape.totals);
  append_connections(out, scrape.totals);
  if (scrape.shared != nullptr) append_shared(out, *scrape.shared);
  counter("log_lines_dropped_total", "Lines of the log that nobody read in time.")
      .add({}, scrape.lines_dropped)
      .append_to(out);
  gauge("build_info", "Always 1; the version is the label.")
      .add({label("version", scrape.version)}, std::uint64_t{1})
      .append_to(out);
  if (scrape.process) append_process(out, *scrape.process);
  return out;
}

std::vector<MetricFamily> MetricsCollectable::Collect() const {
  return families(take_());
}

std::string expose(const prometheus::Collectable& metrics) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, metrics.Collect());
  return std::move(out).str();
}

}  // namespace postern::observe
