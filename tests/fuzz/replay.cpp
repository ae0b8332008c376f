// Without libFuzzer: replays what is kept of a target, then mutates it, the same way each time.
//   latent_fuzz_replay TARGET CORPUS [MUTATIONS [SEED]]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/rng.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace {

namespace fs = std::filesystem;

int report = STDERR_FILENO;  // where this speaks; what readers say goes nowhere
std::string current;         // what is being read
const char* kept_as = "fuzz-finding";

void keep_current() {
  const int out = ::open(kept_as, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out < 0) return;
  (void)!::write(out, current.data(), current.size());
  ::close(out);
}

void on_crash(int signal) {
  keep_current();
  static constexpr char kText[] = "FINDING: a crash; the input is kept as fuzz-finding\n";
  (void)!::write(report, kText, sizeof kText - 1);
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

size_t below(RandomStream& random, size_t n) {
  return random.below(static_cast<uint32_t>(std::max<size_t>(n, 1)));
}

/// A value that lengths and counts go wrong at, in 1, 2, 4 or 8 bytes.
std::string odd_number(RandomStream& random, size_t file) {
  const uint64_t values[] = {0,          1,          0x7F,       0x80,        0xFF,
                             0x7FFF,     0x8000,     0xFFFF,     0x7FFFFFFF,  0x80000000,
                             0xFFFFFFFF, 1ull << 40, 1ull << 62, 1ull << 63,  ~0ull,
                             file,       file - 1,   file + 1,   ~0ull - file, file / 2};
  const uint64_t value = values[below(random, std::size(values))];
  const size_t width = size_t{1} << below(random, 4);
  return {reinterpret_cast<const char*>(&value), width};
}

std::string mutated(const std::vector<std::string>& seeds, std::string out, RandomStream& random) {
  static const std::string kMarks = "{}[]()\"':,;|\\/ue0123456789.+-tfnxTFNl\t\r \n#%\xff\xef";
  for (size_t edits = 1 + below(random, 4); edits > 0 && !out.empty(); --edits) {
    const size_t at = below(random, out.size());
    const size_t some = 1 + below(random, below(random, 4) == 0 ? 200 : 8);
    switch (below(random, 9)) {
      case 0: out[at] = static_cast<char>(out[at] ^ (1 << below(random, 8))); break;
      case 1: out[at] = static_cast<char>(below(random, 256)); break;
      case 2: out[at] = kMarks[below(random, kMarks.size())]; break;
      case 3: out.insert(at, some, kMarks[below(random, kMarks.size())]); break;
      case 4: out.erase(at, some); break;
      case 5: out.resize(at); break;
      case 6: out.insert(at, out.substr(below(random, out.size()), some)); break;
      case 7: {
        const std::string number = odd_number(random, out.size());
        out.replace(at, number.size(), number);
        break;
      }
      default: {
        const std::string& other = seeds[below(random, seeds.size())];
        out.replace(at, some, other.substr(below(random, other.size()), some));
      }
    }
  }
  return out;
}

struct Counts {
  int64_t tries = 0, refused = 0, findings = 0;
};

class Replay {
 public:
  Replay(const Target& target, const std::string& corpus) : target_(target) {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(corpus)) files.insert(entry.path());
    for (const fs::path& file : files) {
      seeds_.push_back(read_file(file));
      if (const auto content = tried(seeds_.back(), file.string())) contents_.insert(*content);
    }
    if (seeds_.empty()) throw Error(corpus + ": holds no files");
  }

  void mutate(int64_t count, uint64_t seed) {
    for (int64_t n = 0; n < count; ++n) {
      RandomStream random = Rng(seed).stream(target_.name, static_cast<uint64_t>(n));
      const std::string& from = seeds_[static_cast<size_t>(n) % seeds_.size()];
      const std::string bytes = mutated(seeds_, from, random);
      const std::string where = "mutation " + std::to_string(n);
      const auto content = tried(bytes, where);
      if (target_.with_checksums == nullptr) continue;
      if (content && !contents_.contains(*content)) finding(where, "damaged, and read otherwise");
      current = target_.with_checksums(bytes);
      (void)tried(current, where + " with checksums");
    }
  }

  int end() const {
    ::dprintf(report, "%s: %lld inputs, %lld refused, %lld findings\n", target_.name,
              static_cast<long long>(counts_.tries), static_cast<long long>(counts_.refused),
              static_cast<long long>(counts_.findings));
    return counts_.findings > 0 ? 1 : 0;
  }

 private:
  std::optional<std::string> tried(const std::string& bytes, const std::string& where) {
    current = bytes;
    ++counts_.tries;
    try {
      auto content = outcome(target_, current);
      counts_.refused += !content;
      return content;
    } catch (const std::exception& e) {
      finding(where, e.what());
      return std::nullopt;
    }
  }

  void finding(const std::string& where, const std::string& what) {
    if (++counts_.findings > 10) std::exit(end());
    ::dprintf(report, "FINDING in %s: %s: %s; the input is kept as %s\n", target_.name,
              where.c_str(), what.c_str(), kept_as);
    keep_current();
  }

  const Target& target_;
  std::vector<std::string> seeds_;
  std::set<std::string> contents_;
  Counts counts_;
};

int run(int argc, char** argv) {
  const Target* target = argc < 3 ? nullptr : find_target(argv[1]);
  if (target == nullptr) {
    std::fputs("latent_fuzz_replay TARGET CORPUS [MUTATIONS [SEED]]; targets:", stderr);
    for (const Target& known : targets()) std::fprintf(stderr, " %s", known.name);
    std::fputs("\n", stderr);
    return 2;
  }
  report = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (std::getenv("LATENT_FUZZ_LOUD") == nullptr) ::dup2(nowhere, STDERR_FILENO);
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_crash);
  Replay replay(*target, argv[2]);
  replay.mutate(argc > 3 ? std::atoll(argv[3]) : 0,
                argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0);
  return replay.end();
}

}  // namespace

}  // namespace latent::fuzz

int main(int argc, char** argv) {
  try {
    return latent::fuzz::run(argc, argv);
  } catch (const std::exception& e) {
    ::dprintf(latent::fuzz::report, "latent_fuzz_replay: %s\n", e.what());
    return 1;
  }
}
