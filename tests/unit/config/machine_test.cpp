#include "config/machine.hpp"

#include <doctest/doctest.h>

#include "machine.hpp"

using namespace postern::config;

namespace {

unsigned cpus(unsigned affinity, std::map<std::string, std::string> files) {
  return usable_cpus(affinity, sample::machine(std::move(files)).read_file);
}

}  // namespace

TEST_CASE("a container's quota bounds the CPUs it may use") {
  const std::string v2 = "/sys/fs/cgroup/cpu.max";
  CHECK(cpus(8, {}) == 8);
  CHECK(cpus(8, {{v2, "max 100000\n"}}) == 8);
  CHECK(cpus(8, {{v2, "200000 100000\n"}}) == 2);
  CHECK(cpus(8, {{v2, "150000 100000\n"}}) == 2);
  CHECK(cpus(8, {{v2, "10000 100000\n"}}) == 1);
  CHECK(cpus(2, {{v2, "800000 100000\n"}}) == 2);
  CHECK(cpus(4, {{v2, "garbage"}}) == 4);
  const std::string quota = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us";
  const std::string period = "/sys/fs/cgroup/cpu/cpu.cfs_period_us";
  CHECK(cpus(8, {{quota, "300000\n"}, {period, "100000\n"}}) == 3);
  CHECK(cpus(8, {{quota, "-1\n"}, {period, "100000\n"}}) == 8);
  CHECK(cpus(0, {}) == 1);
}

TEST_CASE("a file that cannot be read says why") {
  CHECK(read_file("/nonexistent/file").error == "No such file or directory");
  CHECK(read_file("/").error == "Is a directory");
  CHECK(read_file("/dev/null").error.empty());
  CHECK(read_file("/dev/zero").error == "larger than 1 MiB");
}
