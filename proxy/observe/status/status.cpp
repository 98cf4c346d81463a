#include "observe/status/status.hpp"

namespace postern::observe {

void add_counts(Status& status, const Totals& totals, const History& history) {
  for (std::size_t i = 0; i < status.verdicts.size(); ++i) {
    status.verdicts[i] = totals.requests(static_cast<CountedVerdict>(i));
  }
  status.in_flight = totals[cells::in_flight];
  status.client_connections = 0;
  for (std::size_t state = 0; state < state_names.size(); ++state) {
    status.client_connections += totals[cells::connection(Side::client, static_cast<ConnectionState>(state))];
  }
  status.rate = history.rate();
  status.minutes = history.minutes();
}

}  // namespace postern::observe
