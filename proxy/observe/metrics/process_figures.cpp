#include "observe/metrics/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace postern::observe {
namespace {

// The fields of proc_pid_stat(5), numbered as there; the second may hold blanks and parentheses.
constexpr std::size_t state = 3, user_ticks = 14, system_ticks = 15, threads = 20, start_ticks = 22,
                      virtual_size = 23, resident_pages = 24;

std::string content_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "btime 1767225600", the moment that the start is counted from.
double read_boot_time() {
  constexpr std::string_view name = "\nbtime ";
  const std::string text = content_of("/proc/stat");
  const std::size_t at = text.find(name);
  std::uint64_t seconds = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), seconds);
  }
  return static_cast<double>(seconds);
}

std::optional<std::uint64_t> count_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  if (error) return std::nullopt;
  std::uint64_t count = 0;
  for (; entry != std::filesystem::directory_iterator() && !error; entry.increment(error)) ++count;
  return count == 0 ? 0 : count - 1;  // the folder itself was open
}

}  // namespace

std::optional<ProcessFigures> parse_stat(std::string_view stat, double boot, long ticks_per_second,
                                         long page_bytes) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos || ticks_per_second <= 0 || page_bytes <= 0) return std::nullopt;
  ProcessFigures figures;
  std::string_view rest = stat.substr(name_end + 1);
  const auto per_second = static_cast<double>(ticks_per_second);
  std::size_t field = state;
  for (; field <= resident_pages; ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \n"), rest.size()));
    if (rest.empty()) return std::nullopt;
    const std::string_view text = rest.substr(0, rest.find_first_of(" \n"));
    rest.remove_prefix(text.size());
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    const auto number = static_cast<double>(value);
    if (field == user_ticks || field == system_ticks) figures.cpu_seconds += number / per_second;
    if (field == threads) figures.threads = value;
    if (field == start_ticks) figures.start_time = boot + number / per_second;
    if (field == virtual_size) figures.virtual_bytes = value;
    if (field == resident_pages) figures.resident_bytes = value * static_cast<std::uint64_t>(page_bytes);
  }
  return figures;
}

std::optional<ProcessFigures> read_process_figures() {
  // The file is long, and the kernel adds it up for each reader.
  static const double boot_time = read_boot_time();
  auto figures =
      parse_stat(content_of("/proc/self/stat"), boot_time, ::sysconf(_SC_CLK_TCK), ::sysconf(_SC_PAGESIZE));
  if (!figures) return figures;
  figures->open_descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    figures->most_descriptors = limit.rlim_cur;
  }
  return figures;
}

}  // namespace postern::observe
