#include "observe/metrics/exposition.hpp"

#include <doctest/doctest.h>
#include <prometheus/metric_family.h>

#include <set>
#include <string>

using namespace postern::observe;
using namespace std::chrono_literals;

namespace {

Scrape scripted(const SharedMetrics& shared) {
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  CountedRequest request;
  request.status = 200;
  request.total = 3ms;
  request.gate = 30us;
  request.upstream = 2ms;
  worker.count(request);
  worker.count(request);
  request.verdict = CountedVerdict::refuse;
  request.status = 401;
  request.upstream = 0ms;
  worker.count(request);
  worker.count_refusal(CountedVerdict::refuse, "bad signature");
  Scrape scrape;
  scrape.totals = metrics.fold();
  scrape.shared = &shared;
  scrape.lines_dropped = 4;
  scrape.version = "1.2.3";
  return scrape;
}

}  // namespace

TEST_CASE("the exposition has a line for each count") {
  SharedMetrics shared(2);
  shared.key_sets[1].count_fetch(FetchTrigger::unknown_kid, false);
  shared.key_sets[1].count_unknown_kid(UnknownKid::missing);
  shared.key_sets[0].keys[index_of(KeyAlgorithm::eddsa)] = 2;
  shared.key_sets[0].last_success = 1'767'225'600;
  shared.count_reload(true, 1'767'225'601);
  shared.certificate_not_after = 1'767'225'602;
  const MetricsCollectable metrics([&shared] { return scripted(shared); });
  std::string text = expose(metrics);
  text.insert(text.begin(), '\n');
  for (const std::string_view line : {
           "postern_requests_total{verdict=\"forward\",code=\"200\"} 2\n",
           "postern_requests_total{verdict=\"refuse\",code=\"401\"} 1\n",
           "postern_requests_total{verdict=\"refuse\",code=\"429\"} 0\n",
           "postern_requests_total{verdict=\"shadow\",code=\"none\"} 0\n",
           "postern_refusals_total{reason=\"bad signature\"} 1\n",
           "postern_request_duration_seconds_bucket{verdict=\"forward\",le=\"0.0025\"} 0\n",
           "postern_request_duration_seconds_bucket{verdict=\"forward\",le=\"0.005\"} 2\n",
           "postern_request_duration_seconds_bucket{verdict=\"forward\",le=\"60\"} 2\n",
           "postern_request_duration_seconds_bucket{verdict=\"forward\",le=\"+Inf\"} 2\n",
           "postern_request_duration_seconds_sum{verdict=\"forward\"} 0.006\n",
           "postern_upstream_duration_seconds_count 2\n",
           "postern_gate_duration_seconds_bucket{le=\"1e-05\"} 0\n",
           "postern_gate_duration_seconds_bucket{le=\"5e-05\"} 3\n",
           "postern_jwks_fetches_total{issuer=\"2\",trigger=\"unknown_kid\",result=\"failure\"} 1\n",
           "postern_jwks_unknown_kid_total{issuer=\"2\",outcome=\"missing\"} 1\n",
           "postern_jwks_keys{issuer=\"1\",alg=\"EdDSA\"} 2\n",
           "postern_jwks_last_success_timestamp_seconds{issuer=\"1\"} 1767225600\n",
           "postern_config_reloads_total{result=\"success\"} 1\n",
           "postern_tls_certificate_not_after_timestamp_seconds 1767225602\n",
           "postern_log_lines_dropped_total 4\n",
           "postern_build_info{version=\"1.2.3\"} 1\n",
       }) {
    CAPTURE(line);
    std::string whole_line(1, '\n');
    whole_line.append(line);
    CHECK(text.find(whole_line) != std::string::npos);
  }
}

TEST_CASE("each family stands there once, with a help text") {
  const SharedMetrics shared(1);
  std::set<std::string> names;
  for (const auto& family : families(scripted(shared))) {
    CAPTURE(family.name);
    CHECK(names.insert(family.name).second);
    CHECK_FALSE(family.help.empty());
    CHECK_FALSE(family.metric.empty());
  }
}

TEST_CASE("without key sets and certificate their families are left out") {
  const SharedMetrics shared(0);
  const MetricsCollectable metrics([&shared] { return scripted(shared); });
  const std::string text = expose(metrics);
  CHECK(text.find("jwks") == std::string::npos);
  CHECK(text.find("tls_certificate") == std::string::npos);
}
