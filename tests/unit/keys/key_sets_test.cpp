// Who waits for keys, who begins a fetch and who is refused: the sets with a real executor, beside an issuer
// on loopback.
#include "keys/key_sets.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

using namespace postern;
using Outcome = keys::WantedKey::Outcome;
using Tcp = transport::asio::ip::tcp;

namespace {

token::PublicKey key_of(char byte) {
  auto made = token::ed25519_key(std::string(32, byte));
  return std::get<token::PublicKey>(std::move(made));
}

std::shared_ptr<const token::KeySet> file_set(std::vector<token::PublicKey> keys) {
  return std::make_shared<const token::KeySet>(
      token::KeySet{"https://file.example", "api", false, token::KeySet::State::usable, std::move(keys)});
}

std::shared_ptr<const token::KeySet> address_set() {
  return std::make_shared<const token::KeySet>(
      token::KeySet{"https://address.example", "api", true, token::KeySet::State::missing, {}});
}

// A set of an address, where somebody listens and does not answer, and one of a file.
struct Scene {
  Scene() {
    const std::string url = "http://127.0.0.1:" + std::to_string(issuer.local_endpoint().port());
    settings.addresses.push_back(
        {0, std::get<config::HttpUrl>(config::parse_http_url(url)), "https://address.example"});
    initial = std::make_shared<const token::Keys>(
        token::Keys{nullptr, {address_set(), file_set({key_of(1)})}, nullptr});
    settings.schedule.cooldown = std::chrono::hours(1);
    sets.emplace(context.get_executor(), settings, initial, tls::Context(), log, metrics,
                 [this](const std::shared_ptr<const token::Keys>& keys) { published = keys; });
  }

  void want(std::uint64_t earlier = 0) {
    sets->want(0, initial->sets[0], earlier, [this](keys::WantedKey wanted) { answers.push_back(wanted); });
  }

  // The issuer takes the connection and closes it: the fetch fails, the `number`-th so far.
  void fail_fetch(std::uint64_t number) {
    issuer.async_accept([](const transport::error_code&, const Tcp::socket&) {});
    while (failures() < number) context.run_one();
  }
  [[nodiscard]] std::uint64_t failures() const {
    const auto trigger = observe::index_of(observe::FetchTrigger::unknown_kid);
    return metrics.key_sets[0].fetches[trigger][1].load();
  }

  transport::asio::io_context context{1};
  Tcp::acceptor issuer{context, {transport::asio::ip::address_v4::loopback(), 0}};
  observe::Log log{observe::Level::off, observe::Format::json};
  observe::SharedMetrics metrics{2};
  keys::KeySetSettings settings;
  std::shared_ptr<const token::Keys> initial, published;
  std::vector<keys::WantedKey> answers;
  std::optional<keys::KeySets> sets;
};

}  // namespace

TEST_CASE("256 requests wait for one fetch, and the next is refused at once") {
  Scene scene;
  for (int i = 0; i < 256; ++i) scene.want();
  CHECK(scene.answers.empty());
  scene.want();
  REQUIRE(scene.answers.size() == 1);
  CHECK(scene.answers[0].outcome == Outcome::refused);
  scene.fail_fetch(1);
  CHECK(scene.answers.size() == 257);
  for (const auto& answer : scene.answers) CHECK(answer.outcome == Outcome::refused);
  // Their places are free again, and the next fetch is the bucket's last.
  scene.want();
  scene.fail_fetch(2);
  scene.want();
  REQUIRE(scene.answers.size() == 259);
  CHECK(scene.answers.back().outcome == Outcome::refused);
  // Who was refused for want of a fetch takes no place.
  for (int i = 0; i < 300; ++i) scene.want();
  CHECK(scene.answers.size() == 559);
}

TEST_CASE("who was judged by another set is told to look again, and costs no fetch") {
  Scene scene;
  scene.sets->want(0, address_set(), 0, [&](keys::WantedKey wanted) { scene.answers.push_back(wanted); });
  REQUIRE(scene.answers.size() == 1);
  CHECK(scene.answers[0].outcome == Outcome::older);
  CHECK(scene.answers[0].fetch == 0);
}

TEST_CASE("a set that comes from a file, or from nowhere, is not fetched") {
  Scene scene;
  for (const std::size_t set : {std::size_t{1}, std::size_t{2}}) {
    scene.sets->want(set, nullptr, 0, [&](keys::WantedKey wanted) { scene.answers.push_back(wanted); });
    CHECK(scene.answers.back().outcome == Outcome::refused);
  }
  CHECK(scene.answers.size() == 2);
}

TEST_CASE(
    "what is read again takes the place of what was, but for what is fetched and what could not be read") {
  Scene scene;
  const auto reread = [&](std::vector<token::PublicKey> keys) {
    auto secrets =
        std::make_shared<const token::SharedSecrets>(std::vector<std::string>{std::string(32, 's')});
    return scene.sets->adopt(token::Keys{secrets, {address_set(), file_set(std::move(keys))}, nullptr}, {});
  };
  CHECK(scene.initial->secrets == nullptr);
  auto now = reread({key_of(1)});
  CHECK(now->secrets->all().size() == 1);
  CHECK(now->sets[0] == scene.initial->sets[0]);
  CHECK(now->sets[1] == scene.initial->sets[1]);
  now = reread({});
  CHECK(now->sets[1]->keys == std::vector{key_of(1)});
  now = reread({key_of(3)});
  CHECK(now->sets[1]->keys == std::vector{key_of(3)});
  CHECK(now->sets[0] == scene.initial->sets[0]);
}
