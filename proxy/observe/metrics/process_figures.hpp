#pragma once
// What Linux says of this process, for the process_* metrics.

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::observe {

struct ProcessFigures {
  double cpu_seconds = 0;
  double start_time = 0;  // Unix seconds
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t threads = 0;
  std::optional<std::uint64_t> open_descriptors;
  std::optional<std::uint64_t> most_descriptors;
};

// Of the content of /proc/self/stat (proc_pid_stat(5)); nothing if it is not that. `boot_time` is the
// kernel's, in Unix seconds.
std::optional<ProcessFigures> parse_stat(std::string_view stat, double boot_time, long ticks_per_second,
                                         long page_bytes);

// Reads /proc; nothing where there is none.
std::optional<ProcessFigures> read_process_figures();

}  // namespace postern::observe
