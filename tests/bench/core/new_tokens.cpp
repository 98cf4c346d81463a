// What a token costs that is seen for the first time, by the algorithm of its signature, beside OpenSSL's
// bare verification of that signature with the same key. Microseconds of this thread's CPU, medians of
// interleaved rounds.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "signing.hpp"
#include "token/base64url.hpp"
#include "token/signature/signature_check.hpp"
#include "token/verifier.hpp"

using namespace postern::token;

namespace {

constexpr std::int64_t now = 1'767'225'600;
constexpr int rounds = 15, tokens = 64;
// The goal: at most that share of the bare verification, and so much more.
constexpr double share = 1.15, more_us = 1.5;

double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + rounds / 2);
  return values[rounds / 2];
}

void demand(bool holds) {
  if (!holds) std::exit(1);
}

// Of each call of `one` for the numbers below `tokens`.
double each_us(const std::function<bool(std::size_t)>& one) {
  const double begun = cpu_us();
  for (std::size_t i = 0; i < tokens; ++i) demand(one(i));
  return (cpu_us() - begun) / tokens;
}

struct Signed {
  std::string token, input, signature;
};

void measure(Algorithm algorithm) {
  const sample::SigningKey key(algorithm, "k");
  const auto keys = sample::keys_of({sample::key_set({&key})});
  std::vector<Signed> all;
  for (int i = 0; i < tokens; ++i) {
    Signed one;
    one.token = key.token(sample::claims_of("alice", R"(,"jti":")" + std::to_string(i) + '"'));
    one.input = one.token.substr(0, one.token.rfind('.'));
    one.signature = key.sign(one.input);
    all.push_back(std::move(one));
  }
  SignatureCheck check(sample::public_key(key));
  ClaimsPolicy policy;
  Verifier verifier(keys, policy, 0);
  std::vector<double> bare, whole;
  for (int i = 0; i < rounds; ++i) {
    bare.push_back(each_us([&](std::size_t n) { return check.verify(all[n].input, all[n].signature); }));
    whole.push_back(
        each_us([&](std::size_t n) { return verifier.verify(all[n].token, now).fault == TokenFault::none; }));
  }
  const double limit = share * median(bare) + more_us;
  std::printf("%-6s %10.1f %10.1f %10.0f %10.1f   %s\n", std::string(text_of(algorithm)).c_str(),
              median(bare), median(whole), 1e6 / median(whole), limit, median(whole) <= limit ? "yes" : "no");
}

}  // namespace

int main() {
  std::printf("%-6s %10s %10s %10s %10s   %s\n", "alg", "bare us", "new us", "new/s/core", "goal us", "met");
  for (const Algorithm algorithm :
       {Algorithm::eddsa, Algorithm::es256, Algorithm::es512, Algorithm::rs256, Algorithm::ps256}) {
    measure(algorithm);
  }
}
