#include "observe/status/status.hpp"

namespace postern::observe {

void add_counts(Status& status, const Totals& totals, const History& history) {
  for (std::size_t i = 0; i < status.verdicts.size(); ++i) {
    status.verdicts[i] = totals.requests(static_cast<CountedVerdict>(i));
  }
  status.in_flight = totals.in_flight();
  status.client_connections = totals[cells::open_connections(Side::client)];
  status.rate = history.rate();
  status.minutes = history.minutes();
}

}  // namespace postern::observe
