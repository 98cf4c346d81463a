#pragma once
// What the metrics and the status page show, gathered from all threads. Used by the main thread alone.

#include <cstdint>
#include <string>
#include <vector>

#include "admin/drain.hpp"
#include "admin/readiness.hpp"
#include "keys/key_sets.hpp"
#include "observe/log/log.hpp"
#include "observe/metrics/exposition.hpp"
#include "observe/status/history.hpp"
#include "observe/status/status.hpp"
#include "relay/relay_context.hpp"
#include "server/about.hpp"

namespace postern::server {

class StatusSource {
 public:
  // All of them outlive it.
  StatusSource(const relay::Settings& settings, const About& about, relay::Shared& shared,
               const observe::Log& log, const admin::Drain& drain);

  // Whose state the page shows; outlives the pages.
  void watch(const keys::KeySets& key_sets, const keys::ScheduleSettings& schedule) {
    key_sets_ = &key_sets;
    schedule_ = schedule;
  }
  // Keys and certificates that were read, at the start and at each reload.
  void note_keys(const relay::Keys& keys);
  void note_reload_failed(std::string problem);
  // Once a second.
  void note_second() { history_.note(now(), shared_.metrics.fold()); }

  // The bodies of /metrics and of /.
  [[nodiscard]] std::string metrics() const;
  [[nodiscard]] std::string page(const admin::UpstreamHealth& upstream);

 private:
  [[nodiscard]] static std::int64_t now();  // Unix seconds
  [[nodiscard]] std::vector<observe::KeySourceStatus> key_sources() const;

  const relay::Settings& settings_;
  const About& about_;
  relay::Shared& shared_;
  const observe::Log& log_;
  const admin::Drain& drain_;
  std::int64_t started_at_;
  std::size_t secrets_ = 0;
  const keys::KeySets* key_sets_ = nullptr;
  keys::ScheduleSettings schedule_;
  std::string reload_problem_;
  observe::History history_;
};

}  // namespace postern::server
