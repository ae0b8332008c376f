// Event files, read back by their own definition: records, checksums, fields.
#include "src/formats/event_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <vector>

#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/support.h"

namespace latent {
namespace {

/// An Event, as far as these files have them.
struct Event {
  double wall_time = 0;
  int64_t step = 0;
  std::string file_version;
  bool starts = false;
  std::map<std::string, float> scalars;
};

/// A message's bytes, read field by field.
class Message {
 public:
  explicit Message(std::string_view bytes) : bytes_(bytes) {}
  bool next() {
    if (bytes_.empty()) return false;
    const uint64_t key = varint();
    field = static_cast<int>(key >> 3);
    const int type = static_cast<int>(key & 7);
    if (type == 0) {
      whole = static_cast<int64_t>(varint());
    } else {
      const size_t size = type == 1 ? 8 : type == 5 ? 4 : varint();
      content = bytes_.substr(0, size);
      bytes_.remove_prefix(size);
    }
    return true;
  }
  template <typename T>
  T as() const {
    T out;
    std::memcpy(&out, content.data(), sizeof out);
    return out;
  }

  int field = 0;
  int64_t whole = 0;
  std::string_view content;

 private:
  uint64_t varint() {
    uint64_t out = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      out |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return out;
    }
  }
  std::string_view bytes_;
};

std::pair<std::string, float> scalar_of(std::string_view bytes) {
  std::pair<std::string, float> out;
  for (Message value(bytes); value.next();) {
    if (value.field == 1) out.first = value.content;
    if (value.field == 2) out.second = value.as<float>();
  }
  return out;
}

Event event_of(std::string_view bytes) {
  Event out;
  for (Message event(bytes); event.next();) {
    if (event.field == 1) out.wall_time = event.as<double>();
    if (event.field == 2) out.step = event.whole;
    if (event.field == 3) out.file_version = event.content;
    if (event.field == 5) {
      for (Message summary(event.content); summary.next();)
        out.scalars.insert(scalar_of(summary.content));
    }
    if (event.field == 7) {
      for (Message session(event.content); session.next();)
        out.starts = session.field == 1 && session.whole == 1;
    }
  }
  return out;
}

/// Checks each record's two checksums.
std::vector<Event> events_of(const std::string& path) {
  const std::string file = read_file(path);
  std::string_view left = file;
  std::vector<Event> out;
  const auto take = [&](size_t size) {
    EXPECT_GE(left.size(), size);
    const std::string_view taken = left.substr(0, size);
    left.remove_prefix(taken.size());
    return taken;
  };
  const auto expect_checksum = [&](std::string_view of) {
    uint32_t stored = 0;
    std::memcpy(&stored, take(4).data(), 4);
    EXPECT_EQ(std::rotl(stored - 0xA282EAD8u, 15), crc32c(of));
  };
  while (!left.empty() && !testing::Test::HasFailure()) {
    const std::string_view length = take(8);
    expect_checksum(length);
    uint64_t size = 0;
    std::memcpy(&size, length.data(), 8);
    const std::string_view event = take(size);
    expect_checksum(event);
    out.push_back(event_of(event));
  }
  return out;
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    out.push_back(entry.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Crc32c, OfNineDigitsIsThePublishedOne) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
}

TEST(EventFile, HoldsItsVersionAndTheScalarsOfEachStep) {
  const TemporaryFolder folder;
  {
    EventFile file(folder.path() + "/run", 1);
    file.add(1, std::vector<std::pair<std::string, float>>{{"objective", 0.5f}, {"seconds", 2}});
    file.add(70000, std::vector<std::pair<std::string, float>>{{"valid_mse", -1.25f}});
    EXPECT_EQ(events_of(files_in(folder.path() + "/run").at(0)).size(), 3u) << "not yet there";
  }
  const std::vector<std::string> files = files_in(folder.path() + "/run");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_NE(files[0].find("tfevents"), std::string::npos);
  const std::vector<Event> events = events_of(files[0]);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_GT(events[1].wall_time, 1.7e9);
  EXPECT_EQ(events[1].step, 1);
  EXPECT_EQ(events[1].scalars,
            (std::map<std::string, float>{{"objective", 0.5f}, {"seconds", 2}}));
  EXPECT_EQ(events[2].step, 70000);
  EXPECT_EQ(events[2].scalars, (std::map<std::string, float>{{"valid_mse", -1.25f}}));
}

TEST(EventFile, BesideEarlierOnesComesAfterThemAndVoidsTheirStepsFromItsOwnOn) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, float>> scalars = {{"objective", 1}};
  for (const int64_t first : {1, 7, 4}) EventFile(folder.path(), first).add(first, scalars);
  const std::vector<std::string> files = files_in(folder.path());
  ASSERT_EQ(files.size(), 3u);  // within one second
  EXPECT_EQ(events_of(files[0]).size(), 2u);
  for (const auto& [file, first] : {std::pair(files[1], 7), std::pair(files[2], 4)}) {
    const std::vector<Event> events = events_of(file);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_TRUE(events[1].starts);
    EXPECT_EQ(events[1].step, first);
    EXPECT_EQ(events[2].step, first);
  }
}

TEST(EventFile, WhereNoneCanBeWrittenIsOneLine) {
  const TemporaryFolder folder;
  const std::string file = folder.write("plain", "");
  EXPECT_EQ(LATENT_MESSAGE_OF(SystemError, EventFile(file, 1)).find(file), 0u);
  EXPECT_EQ(LATENT_MESSAGE_OF(SystemError, EventFile(file + "/deeper", 1)).find(file), 0u);
}

}  // namespace
}  // namespace latent
