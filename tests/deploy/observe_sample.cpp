// Prints what the room observe would show of a scripted run: `observe_sample metrics`, or `observe_sample
// page SCENE` with the policy in the first line.

#include <cmath>
#include <iostream>
#include <map>

#include "observe/metrics/exposition.hpp"
#include "observe/status/status_page.hpp"
#include "status_scene.hpp"

namespace {

using namespace postern::observe;
using namespace std::chrono_literals;

void print_metrics() {
  SharedMetrics shared(2);
  shared.key_sets[0].count_fetch(FetchTrigger::start, true);
  shared.key_sets[0].keys[index_of(KeyAlgorithm::eddsa)] = 1;
  shared.key_sets[0].last_success = scene::now;
  shared.key_sets[1].count_fetch(FetchTrigger::unknown_kid, false);
  shared.key_sets[1].count_unknown_kid(UnknownKid::unavailable);
  shared.count_reload(true, scene::now);
  shared.certificate_not_after = scene::now + 90LL * 86'400;
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  CountedRequest request;
  for (unsigned i = 0; i < 100; ++i) {
    request.status = i % 10 == 9 ? 502 : 200;
    request.identified = true;
    request.total = i * 1ms;
    request.gate = 20us;
    request.upstream = i * 900us;
    worker.count(request);
    worker.count_pool(i != 0);
    worker.count_token_cache(i != 0);
  }
  for (std::size_t i = 0; i < reason_count; ++i) {
    request = {CountedVerdict::refuse, 401, false, 50us, 50us, 0us};
    worker.count(request);
    worker.count_refusal(CountedVerdict::refuse, refusal_reasons[i].name);
    worker.count_refusal(CountedVerdict::shadow, refusal_reasons[i].name);
  }
  worker.count_upstream_opened(true);
  worker.count_stream_end(StreamEnd::client_gone);
  worker.connection_opened(Side::client, ConnectionState::active);
  worker.set_token_cache_entries(1);
  const MetricsCollectable collectable([&] {
    return Scrape{metrics.fold(), &shared, read_process_figures(), 3, "0.1.0"};
  });
  std::cout << expose(collectable);
}

Status busy() {
  Status status = scene::well();
  for (std::size_t i = 0; i < status.minutes.size(); ++i) {
    const double wave =
        1 + .4 * std::sin(static_cast<double>(i) / 7) + .1 * std::sin(static_cast<double>(i) * 2.1);
    const auto users = static_cast<std::uint64_t>(900 * wave);
    const std::int64_t begins_at = status.minutes[i].begins_at;
    status.minutes[i] = scene::minute(users, {{"no credentials", 20 + i % 7},
                                              {"expired", 12 + i % 5},
                                              {"another user", i % 3},
                                              {"no rule", i % 4},
                                              {"bad signature", i % 11 == 0 ? 4 : 0},
                                              {"encoded slash", i % 13 == 0 ? 3 : 0},
                                              {"head timeout", i % 17 == 0 ? 2 : 0}});
    status.minutes[i].begins_at = begins_at;
    status.minutes[i].median = .004 * wave;
    status.minutes[i].p95 = .021 * wave * wave;
  }
  status.verdicts = {1'284'402, 39'021, 0, 0};
  status.rate = 17.3;
  status.in_flight = 3;
  status.client_connections = 212;
  for (int i = 0; i < 50; ++i) {
    status.refusals.push_back({(scene::now - i * 7) * 1'000'000, "0198f3c2-7d1a-" + std::to_string(1000 + i),
                               i % 5 == 0 ? "POST" : "GET", i % 7 == 0 ? "" : "/api/{user_id}/**",
                               i % 3 == 0   ? "expired"
                               : i % 7 == 0 ? "no rule"
                                            : "no credentials",
                               i % 7 == 0 ? 404U : 401U});
  }
  status.configuration = {{"BETTER_AUTH_SECRET", "set (44 bytes)"},
                          {"POSTERN_LISTEN", "0.0.0.0:8080"},
                          {"POSTERN_UPSTREAM", "http://127.0.0.1:8000"},
                          {"POSTERN_USER_PATHS", "/api/{user_id}/**"}};
  return status;
}

Status broken() {
  Status status = busy();
  for (std::size_t i = status.minutes.size() - 5; i < status.minutes.size(); ++i) {
    status.minutes[i] = scene::minute(3, {{"bad signature", 640}, {"no credentials", 20}});
  }
  status.upstream = {"http://127.0.0.1:8000", UpstreamStatus::State::down, "Connection refused",
                     scene::now - 42};
  status.ready = false;
  status.keys[1].last_success = scene::now - 1500;
  status.keys[1].problem = "no answer within 5 s";
  status.shadow_until = scene::now + 86'400 * 3;
  return status;
}

Status hostile() {
  const std::string evil =
      "</td></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[31m\xff";
  Status status = broken();
  status.version = status.host = status.reload_problem = evil;
  status.upstream.address = status.upstream.problem = evil;
  for (KeySourceStatus& source : status.keys) source.name = source.issuer = source.problem = evil;
  for (Refusal& refusal : status.refusals) {
    refusal.request_id = refusal.method = refusal.rule = refusal.reason = evil;
  }
  for (auto& [name, value] : status.configuration) name = value = evil;
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  const std::string scene = count > 2 ? arguments[2] : "";
  const std::map<std::string, Status (*)()> scenes = {
      {"well", busy}, {"broken", broken}, {"hostile", hostile}, {"new", [] { return Status(); }}};
  if (what == "metrics") {
    print_metrics();
  } else if (const auto found = scenes.find(scene); what == "page" && found != scenes.end()) {
    std::cout << page_policy() << '\n' << status_page(found->second());
  } else {
    return 2;
  }
  return 0;
}
