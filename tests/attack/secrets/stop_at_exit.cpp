// Preloaded into the proxy: its memory can be looked at, and when it ends it waits to be looked at once more.

#include <csignal>

extern "C" int prctl(int, ...) {
  return 0;  // PR_SET_DUMPABLE would keep the test out too
}

namespace {

// Behind all destructors of the program, since what is loaded first ends last.
[[gnu::destructor(101)]] void wait_to_be_seen() {
  static_cast<void>(std::raise(SIGSTOP));
}

}  // namespace
