// Lines close to well-formed ones: the scanner refuses or reads them, and never steps beyond.
#include <map>
#include <nlohmann/json.hpp>

#include "src/base/rng.h"
#include "src/data/object_scanner.h"
#include "src/data/row.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr auto kJson = ObjectDialect::kJson;

/// One to four random edits; most keep the line close to well-formed.
std::string mutated(std::string line, RandomStream& random) {
  static const std::string kAlphabet = "{}[]()\"':,\\/ue0123456789.+-tfnxTFNl\t \n\xff";
  for (uint32_t edits = 1 + random.below(4); edits > 0 && !line.empty(); --edits) {
    const size_t at = random.below(static_cast<uint32_t>(line.size()));
    const char c = random.below(20) == 0
                       ? '\0'
                       : kAlphabet[random.below(static_cast<uint32_t>(kAlphabet.size()))];
    switch (random.below(5)) {
      case 0:
        line[at] = c;
        break;
      case 1:
        line.insert(at, 1, c);
        break;
      case 2:
        line.erase(at, 1 + random.below(3));
        break;
      case 3:
        line.resize(at);
        break;
      default:
        line.insert(at, line.substr(random.below(static_cast<uint32_t>(line.size())),
                                    1 + random.below(12)));
    }
  }
  return line;
}

/// Views must lie in a buffer of just that size, so that the sanitizer sees a step beyond.
bool scans(ObjectScanner& scanner, const std::string& line) {
  const std::vector<char> exact(line.begin(), line.end());
  try {
    scanner.scan({exact.data(), exact.size()});
    return true;
  } catch (const RowError&) {
    return false;
  }
}

TEST(JsonScanner, TakesEveryMutatedLineThatNlohmannTakesAndNeverCrashes) {
  const std::string seed =
      R"({"user_id": "u\u00e9\ud83d\ude00\n", "n": {"deep": [1, -2.5e3, {"x": null}], "y": "z\\"}, "rating": 4.5, "ok": true})";
  ObjectScanner scanner(kJson, {"user_id", "rating", "n.y"});
  RandomStream random = Rng(1).stream("mutations");
  int accepted = 0;
  for (int run = 0; run < 6000; ++run) {
    const std::string line = mutated(seed, random);
    const bool ours = scans(scanner, line);
    std::map<std::string, int> keys;
    const auto count = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
      if (event == nlohmann::json::parse_event_t::key) ++keys[value.get<std::string>()];
      return true;
    };
    const auto twin = nlohmann::json::parse(line, count, /*allow_exceptions=*/false);
    if (twin.is_discarded() || !twin.is_object()) continue;
    if (keys["user_id"] > 1 || keys["rating"] > 1 || keys["y"] > 1 || keys["n"] > 1 ||
        keys["n.y"] > 0)
      continue;
    ++accepted;
    ASSERT_TRUE(ours) << line;
    if (twin.contains("user_id") && twin["user_id"].is_string()) {
      std::vector<char> exact(line.begin(), line.end());
      scanner.scan({exact.data(), exact.size()});
      EXPECT_EQ(scanner.field(0).text, twin["user_id"].get_ref<const std::string&>()) << line;
    }
  }
  EXPECT_GT(accepted, 300);  // else the mutations are too wild to say anything
}

TEST(PythonScanner, NeverCrashesOnMutatedLines) {
  const std::string seed =
      R"({'user_id': u'it\'s \x41\u00e9\101', "n": {'deep': (1, -2.5e3, [None]), 'y': b'z\\'}, 'rating': 4.5, 'ok': True, 'l': 5L})";
  ObjectScanner scanner(ObjectDialect::kPython, {"user_id", "rating", "n.y"});
  RandomStream random = Rng(2).stream("mutations");
  int accepted = 0;
  for (int run = 0; run < 6000; ++run) accepted += scans(scanner, mutated(seed, random));
  EXPECT_GT(accepted, 300);
  EXPECT_LT(accepted, 5000);
}

TEST(Scanner, RefusesEveryProperPrefixOfALine) {
  const std::string json = R"({"a": {"b": ["x", 1.5e2, {}]}, "c": "\u00e9\\", "d": null})";
  const std::string python = R"({'a': {'b': (u"x", 1.5e2, {}, [])}, 'c': '\x41\\', 'd': None})";
  ObjectScanner as_json(kJson, {"c"}), as_python(ObjectDialect::kPython, {"c"});
  for (size_t cut = 0; cut < json.size(); ++cut)
    EXPECT_FALSE(scans(as_json, json.substr(0, cut))) << cut;
  for (size_t cut = 0; cut < python.size(); ++cut)
    EXPECT_FALSE(scans(as_python, python.substr(0, cut))) << cut;
  EXPECT_TRUE(scans(as_json, json));
  EXPECT_TRUE(scans(as_python, python));
}

}  // namespace
}  // namespace latent
