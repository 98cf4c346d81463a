#include "keys/revoked_file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using postern::config::FileContent;
using postern::keys::RevokedFile;
namespace fs = std::filesystem;
using std::chrono::seconds;

namespace {

struct Scene {
  Scene() : path(fs::temp_directory_path() / ("postern-revoked-" + std::to_string(::getpid()))) {
    write("jti first\n");
  }
  ~Scene() { fs::remove(path); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  void write(const char* text) const { std::ofstream(path) << text; }
  RevokedFile file() {
    return RevokedFile(path, [this](const std::string& name) {
      ++reads;
      std::ostringstream text;
      text << std::ifstream(name).rdbuf();
      return FileContent{text.str(), {}, true};
    });
  }
  static std::size_t size_of(const RevokedFile::News& news) {
    return std::get<std::shared_ptr<const postern::token::RevokedList>>(news)->size();
  }
  static bool is_nothing(const RevokedFile::News& news) {
    return std::holds_alternative<std::monostate>(news);
  }

  fs::path path;
  int reads = 0;
};

}  // namespace

TEST_CASE("a changed list is read once it is at rest, and once") {
  Scene scene;
  RevokedFile file = scene.file();
  CHECK(Scene::is_nothing(file.look(seconds(1))));
  scene.write("jti first\njti second\n");
  CHECK(Scene::is_nothing(file.look(seconds(2))));
  CHECK(Scene::size_of(file.look(seconds(3))) == 2);
  CHECK(Scene::is_nothing(file.look(seconds(4))));
  CHECK(scene.reads == 1);
}

TEST_CASE("a spoilt list is told once, and nothing comes of it") {
  Scene scene;
  RevokedFile file = scene.file();
  scene.write("jti first\nwhat is this\n");
  CHECK(Scene::is_nothing(file.look(seconds(1))));
  CHECK(std::get<std::string>(file.look(seconds(2))).find("line 2") != std::string::npos);
  CHECK(Scene::is_nothing(file.look(seconds(3))));
}

TEST_CASE("an empty list counts when it has been so for ten seconds") {
  Scene scene;
  RevokedFile file = scene.file();
  scene.write("");
  CHECK(Scene::is_nothing(file.look(seconds(1))));
  for (int second = 2; second < 12; ++second) CHECK(Scene::is_nothing(file.look(seconds(second))));
  CHECK(Scene::size_of(file.look(seconds(12))) == 0);
}

TEST_CASE("a list that is filled again within ten seconds was never empty") {
  Scene scene;
  RevokedFile file = scene.file();
  scene.write("");
  CHECK(Scene::is_nothing(file.look(seconds(1))));
  CHECK(Scene::is_nothing(file.look(seconds(2))));
  scene.write("jti first\njti second\njti third\n");
  CHECK(Scene::is_nothing(file.look(seconds(3))));
  CHECK(Scene::size_of(file.look(seconds(4))) == 3);
  scene.write("");
  CHECK(Scene::is_nothing(file.look(seconds(20))));
  CHECK(Scene::is_nothing(file.look(seconds(21))));  // counted anew
}

TEST_CASE("a file that is gone changes nothing, its return does") {
  Scene scene;
  RevokedFile file = scene.file();
  fs::remove(scene.path);
  file.read_soon();
  for (int second = 1; second < 30; ++second) CHECK(Scene::is_nothing(file.look(seconds(second))));
  CHECK(scene.reads == 0);
  scene.write("jti first\n");
  CHECK(Scene::is_nothing(file.look(seconds(30))));
  CHECK(Scene::size_of(file.look(seconds(31))) == 1);
}

TEST_CASE("who asks has the file read again though it did not change") {
  Scene scene;
  RevokedFile file = scene.file();
  file.read_soon();
  CHECK(Scene::size_of(file.look(seconds(1))) == 1);
  CHECK(Scene::is_nothing(file.look(seconds(2))));
}
