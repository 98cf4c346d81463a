#pragma once
// Takes the workers' wishes for keys to the main thread, and the answers back.

#include "keys/key_sets.hpp"
#include "relay/key_source.hpp"

namespace postern::server {

class KeyDesk final : public relay::KeySource {
 public:
  // `sets` is used on `main`'s thread alone. Both outlive the threads that ask.
  KeyDesk(const transport::Executor& main, keys::KeySets& sets) : main_(main), sets_(sets) {}

  void want(relay::KeyWish wish, const transport::Executor& executor, Done done) override;

 private:
  transport::Executor main_;
  keys::KeySets& sets_;
};

}  // namespace postern::server
