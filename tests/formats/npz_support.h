// What the tests of archives share.
#pragma once

#include <gtest/gtest.h>

#include <numeric>

#include "src/formats/npz.h"
#include "src/formats/zip.h"
#include "tests/support.h"

namespace latent {

/// The words that the message must hold, all of them.
inline void expect_words(const std::string& message, std::initializer_list<const char*> words) {
  for (const char* word : words)
    EXPECT_NE(message.find(word), std::string::npos) << "no '" << word << "' in: " << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

/// A file with one array of `bytes` as they stand.
inline std::string file_of(const TemporaryFolder& folder, const std::string& bytes,
                    const std::string& entry = "a.npy") {
  ZipWriter zip(folder.file("a.npz"));
  zip.add(entry, bytes.size(),
          [&](const ByteSink& sink) { sink(bytes.data(), bytes.size()); });
  zip.commit();
  return folder.file("a.npz");
}

template <typename T>
std::string npy(const NpyHeader& header, const std::vector<T>& values) {
  return header.bytes() +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

/// A file with arrays of every kind.
inline std::string written(const TemporaryFolder& folder, uint64_t zip64_from = kZip64From) {
  std::vector<float> f(100);
  std::iota(f.begin(), f.end(), 0.5f);
  const std::vector<double> d = {1.25, -3e300, 0.1};
  const std::vector<int32_t> i = {1, -2, 3, 4, 5, -2147483647};
  const std::vector<int64_t> l = {-(int64_t{1} << 53)};
  const std::vector<std::string> t = {"a", "\xC5\xBE\xE6\xBC\xA2\xF0\x9F\x98\x80", "", "x\xFF"};
  NpzWriter out(folder.file("w.npz"), zip64_from);
  out.add("f", f, {20, 5});
  out.add("d", d, {3});
  out.add("i", i, {1, 2, 3});
  out.add("l", l, {1, 1});
  out.add("empty", std::span<const float>(), {0, 7});
  out.add_texts("t", t);
  out.add_number("number", 2.5);
  out.add_integer("integer", -7);
  out.add_flag("flag", true);
  out.add_text("text", "float32");
  out.commit();
  return folder.file("w.npz");
}

// np.savez_compressed(file, fortran=np.asfortranarray(np.arange(6.).reshape(2, 3) / 4),
//                     zeros=np.zeros(40, "i4")), NumPy 2
constexpr const char* kCompressed =
    "504b03042d00000008000000210058d8d625ffffffffffffffff0b001400666f727472616e2e6e707901001000b0"
    "0000000000000056000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f"
    "54529498179f5f94920a120f292a4d050a17672416a402b91a463a0ac69a3a0ab50ae4032e0614f0c21e425f80d2"
    "1fa0f40328fdc51e00504b03042d00000008000000210031324292ffffffffffffffff090014007a65726f732e6e"
    "707901001000200100000000000048000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369"
    "a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a26063a9a3a0ab50ae4032e8641"
    "0e00504b01022d032d00000008000000210058d8d62556000000b00000000b000000000000000000000080010000"
    "0000666f727472616e2e6e7079504b01022d032d0000000800000021003132429248000000200100000900000000"
    "000000000000008001930000007a65726f732e6e7079504b0506000000000200020070000000160100000000";

inline std::string compressed() {
  std::string out;
  for (const char* c = kCompressed; *c != '\0'; c += 2)
    out += static_cast<char>(std::stoi(std::string(c, 2), nullptr, 16));
  return out;
}

}  // namespace latent
