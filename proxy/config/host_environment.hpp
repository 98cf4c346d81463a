#pragma once
// What the configuration asks of the host it runs on.

#include "config/config.hpp"

namespace postern::config {

// Files are read from disk; usable_cpus as below; the time is that of the call.
HostEnvironment host_environment();

// At most 1 MiB; larger is an error.
FileContent read_file(const std::string& path);
// At most 128 MiB, for a list of a million lines.
FileContent read_large_file(const std::string& path);

// CPUs that this process may use: its affinity mask, and no more than the cgroup's quota allows, rounded up
// (cgroup v2 cpu.max, v1 cpu.cfs_quota_us). At least 1.
unsigned usable_cpus(unsigned affinity, const std::function<FileContent(const std::string&)>& read);

}  // namespace postern::config
