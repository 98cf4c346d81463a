#include "config/host_environment.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "config/values/values.hpp"

namespace postern::config {
namespace {

constexpr std::size_t mib = 1 << 20;
// Time enough for a command whose output it is; a reload holds up health checks meanwhile.
constexpr int pipe_patience_ms = 5000;

// CPUs for `quota` of run time in each `period`, both in microseconds.
std::optional<unsigned> cpus_for(std::string_view quota, std::string_view period) {
  const auto share = parse_number(trimmed(quota));
  const auto of = parse_number(trimmed(period));
  if (!share || !of || *share == 0 || *of == 0) return std::nullopt;
  return static_cast<unsigned>(std::min<std::uint64_t>((*share + *of - 1) / *of, 1024));
}

// "0::/system.slice/postern.service" names the group; in a container of its own it is "/".
std::string own_cgroup(std::string_view memberships) {
  constexpr std::string_view unified = "0::";
  while (!memberships.empty()) {
    const std::size_t end = std::min(memberships.find('\n'), memberships.size());
    const std::string_view line = memberships.substr(0, end);
    if (line.starts_with(unified)) return std::string(line.substr(unified.size()));
    memberships.remove_prefix(std::min(end + 1, memberships.size()));
  }
  return {};
}

std::optional<unsigned> tighter(std::optional<unsigned> a, std::optional<unsigned> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

// A group is bounded by its parents too.
std::optional<unsigned> quota_v2(const std::function<FileContent(const std::string&)>& read) {
  std::optional<unsigned> cpus;
  std::string group = own_cgroup(read("/proc/self/cgroup").bytes);
  if (group == "/") group.clear();
  while (true) {
    const FileContent limit = read("/sys/fs/cgroup" + group + "/cpu.max");
    const std::string_view text = limit.bytes;
    const std::size_t space = std::min(text.find(' '), text.size());
    cpus = tighter(cpus, cpus_for(text.substr(0, space), text.substr(space)));
    if (group.empty()) return cpus;
    group.resize(std::min(group.rfind('/'), group.size() - 1));
  }
}

std::optional<unsigned> quota_cpus(const std::function<FileContent(const std::string&)>& read) {
  const FileContent quota = read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const FileContent period = read("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return tighter(quota_v2(read), cpus_for(quota.bytes, period.bytes));
}

FileContent read_at_most(const std::string& path, std::size_t mebibytes) {
  // Not blocking, since a pipe may have no writer, and whoever reloads has more to do.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const int why = errno;
    return {{}, std::strerror(why), why != ENOENT && why != ENOTDIR && why != ENAMETOOLONG};
  }
  FileContent content;
  std::array<char, 4096> piece;
  while (content.error.empty()) {
    pollfd readable{descriptor, POLLIN, 0};
    if (::poll(&readable, 1, pipe_patience_ms) == 0) {
      content.error = "nothing comes out of it";
      break;
    }
    const auto count = ::read(descriptor, piece.data(), piece.size());
    if (count == 0) break;
    if (count < 0) {
      if (errno != EINTR && errno != EAGAIN) content.error = std::strerror(errno);
      continue;
    }
    content.bytes.append(piece.data(), static_cast<std::size_t>(count));
    if (content.bytes.size() > mebibytes * mib) {
      content.error = "larger than " + std::to_string(mebibytes) + " MiB";
    }
  }
  ::explicit_bzero(piece.data(), piece.size());
  ::close(descriptor);
  return content;
}

}  // namespace

FileContent read_file(const std::string& path) {
  return read_at_most(path, 1);
}

FileContent read_large_file(const std::string& path) {
  return read_at_most(path, 128);
}

unsigned usable_cpus(unsigned affinity, const std::function<FileContent(const std::string&)>& read) {
  const auto quota = quota_cpus(read);
  return std::max(1U, quota ? std::min(*quota, affinity) : affinity);
}

HostEnvironment host_environment() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const unsigned affinity =
      ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1U;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {read_file, usable_cpus(affinity, read_file),
          std::chrono::duration_cast<std::chrono::seconds>(now).count(), read_large_file};
}

}  // namespace postern::config
