#include "gate/shadow.hpp"

namespace postern::gate {
namespace {

bool wants_a_right(const Verdict& verdict) noexcept {
  switch (status_of(verdict.answer)) {
    case 401:
    case 403:
    case 404:
    case 429:
      return true;
    case 503:
      return verdict.step == Step::token;
    default:
      return false;
  }
}

}  // namespace

bool ShadowWindow::open(std::int64_t now) noexcept {
  if (shut_.load(std::memory_order_relaxed)) return false;
  if (now < *until_) return true;
  shut_.store(true, std::memory_order_relaxed);
  return false;
}

Verdict shadowed(Verdict verdict, const http::RequestHead& head, const Policy& policy) noexcept {
  if (!wants_a_right(verdict)) return verdict;
  verdict.answer = Answer::none;
  verdict.uid = {};
  verdict.expires_at = 0;
  verdict.claims = {};
  verdict.overridden = false;
  check_size(head, policy, verdict);
  verdict.shadow = verdict.forward();
  return verdict;
}

}  // namespace postern::gate
