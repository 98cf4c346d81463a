#include "config/machine.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "config/values.hpp"

namespace postern::config {
namespace {

constexpr std::size_t largest_file = 1 << 20;

// CPUs for `quota` of run time in each `period`, both in microseconds.
std::optional<unsigned> cpus_for(std::string_view quota, std::string_view period) {
  const auto share = parse_number(trimmed(quota));
  const auto of = parse_number(trimmed(period));
  if (!share || !of || *share == 0 || *of == 0) return std::nullopt;
  return static_cast<unsigned>(std::min<std::uint64_t>((*share + *of - 1) / *of, 1024));
}

std::optional<unsigned> quota_cpus(const std::function<FileContent(const std::string&)>& read) {
  const FileContent v2 = read("/sys/fs/cgroup/cpu.max");
  if (v2.error.empty()) {
    const std::string_view text = v2.bytes;
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    return cpus_for(text.substr(0, space), text.substr(space + 1));
  }
  const FileContent quota = read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const FileContent period = read("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return cpus_for(quota.bytes, period.bytes);
}

}  // namespace

FileContent read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {{}, std::strerror(errno)};
  FileContent content;
  std::array<char, 4096> piece;
  while (content.error.empty()) {
    const auto count = ::read(descriptor, piece.data(), piece.size());
    if (count == 0) break;
    if (count < 0) {
      if (errno != EINTR) content.error = std::strerror(errno);
      continue;
    }
    content.bytes.append(piece.data(), static_cast<std::size_t>(count));
    if (content.bytes.size() > largest_file) content.error = "larger than 1 MiB";
  }
  ::explicit_bzero(piece.data(), piece.size());
  ::close(descriptor);
  return content;
}

unsigned usable_cpus(unsigned affinity, const std::function<FileContent(const std::string&)>& read) {
  const auto quota = quota_cpus(read);
  return std::max(1U, quota ? std::min(*quota, affinity) : affinity);
}

Machine this_machine() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const unsigned affinity =
      ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1U;
  return {read_file, usable_cpus(affinity, read_file)};
}

}  // namespace postern::config
