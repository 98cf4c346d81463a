#include "config/host_environment.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>

#include "host_environment.hpp"

using namespace postern::config;

namespace {

unsigned cpus(unsigned affinity, std::map<std::string, std::string> files) {
  return usable_cpus(affinity, sample::host_environment(std::move(files)).read_file);
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

TEST_CASE("a quota of a service's own control group, or of one above it, counts too") {
  const std::string group = "1:name=systemd:/other\n0::/system.slice/postern.service\n";
  const std::string own = "/sys/fs/cgroup/system.slice/postern.service/cpu.max";
  const std::string above = "/sys/fs/cgroup/system.slice/cpu.max";
  const std::string membership = "/proc/self/cgroup";
  CHECK(cpus(8, {{membership, group}, {own, "200000 100000\n"}}) == 2);
  CHECK(cpus(8, {{membership, group}, {own, "max 100000\n"}, {above, "300000 100000\n"}}) == 3);
  CHECK(cpus(8, {{membership, group}, {own, "400000 100000\n"}, {above, "300000 100000\n"}}) == 3);
  CHECK(cpus(8, {{membership, group}, {"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}) == 1);
  CHECK(cpus(8, {{membership, "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}) == 1);
  CHECK(cpus(8, {{membership, "0::no slash"}}) == 8);
  CHECK(cpus(8, {{membership, group}}) == 8);
}

TEST_CASE("a file that cannot be read says why") {
  CHECK(read_file("/nonexistent/file").error == "No such file or directory");
  CHECK_FALSE(read_file("/nonexistent/file").exists);
  CHECK_FALSE(read_file("/dev/null/file").exists);
  CHECK_FALSE(read_file(std::string(5000, 'x')).exists);
  CHECK(read_file("/").exists);
  CHECK(read_file("/").error == "Is a directory");
  CHECK(read_file("/dev/null").error.empty());
  CHECK(read_file("/dev/zero").error == "larger than 1 MiB");
}

TEST_CASE("a pipe is read, and not waited for when nobody writes") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const std::string name = "/dev/fd/" + std::to_string(ends[0]);
  CHECK(read_file(name).error == "nothing comes out of it");
  REQUIRE(::write(ends[1], "secret", 6) == 6);
  ::close(ends[1]);
  CHECK(read_file(name).bytes == "secret");
  ::close(ends[0]);
}
