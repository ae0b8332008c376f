// What several tests need: temporary folders, small files, real data.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace latent {

/// A folder of its own for a test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "latent-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
    return file(name);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string shared_data(const std::string& name) {
  return std::string(LATENT_SHARED_DATA) + "/" + name;
}

/// Skips the test, visibly, where the real data is absent.
#define LATENT_NEEDS_DATA(name)                                                   \
  if (!std::filesystem::exists(::latent::shared_data(name))) {                    \
    GTEST_SKIP() << "no real data here: " << ::latent::shared_data(name);         \
  }

/// The message of the Exception that `statement` throws; fails the test when it throws none.
#define LATENT_MESSAGE_OF(Exception, statement)                                   \
  [&]() -> std::string {                                                          \
    try {                                                                         \
      statement;                                                                  \
    } catch (const Exception& e) {                                                \
      return e.what();                                                            \
    }                                                                             \
    ADD_FAILURE() << "no " #Exception " from: " #statement;                       \
    return "";                                                                    \
  }()

}  // namespace latent
