#include "src/train/rendezvous.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace latent {

using namespace std::chrono_literals;

namespace {

using Moment = std::chrono::steady_clock;

constexpr auto kToCome = 25s;        // for all ranks to be there
constexpr auto kToExplain = 1500ms;  // for a rank that fails to say why
constexpr auto kLook = 20ms;

std::string rank_list(const std::vector<int>& ranks) {
  std::string out = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t n = 0; n < ranks.size(); ++n) out += (n == 0 ? "" : ", ") + std::to_string(ranks[n]);
  return out;
}

/// Names the place where process numbers mean the same.
std::string machine() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::error_code unknown;
  return boot + std::filesystem::read_symlink("/proc/self/ns/pid", unknown).string();
}

}  // namespace

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Rendezvous::Rendezvous(const TorchrunPlace& place) : place_(place) {
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(place.port);
    options.isServer = place.rank == 0 && !place.agent_store;
    options.waitWorkers = false;
    options.timeout = kToCome;
    const auto whole = c10::make_intrusive<c10d::TCPStore>(place.host, options);
    job_ = c10::make_intrusive<c10d::PrefixStore>("latent/job", whole);
    // A later attempt finds nothing else of an earlier one in torchrun's own store.
    store_ = c10::make_intrusive<c10d::PrefixStore>(
        "latent/attempt_" + std::to_string(place.restarts), whole);
    store_->set("process/" + std::to_string(place.rank),
                machine() + " " + std::to_string(::getpid()));
  } catch (const std::exception& e) {
    throw LostContact("cannot reach the store at " + place.host + ":" +
                      std::to_string(place.port) +
                      " (MASTER_ADDR, MASTER_PORT); is rank 0 there? " + first_line(e.what()));
  }
  arrive("here/", kToCome, "came");
}

bool Rendezvous::runs_here(int rank) const {
  const std::string key = "process/" + std::to_string(rank);
  if (!store_->check({key})) return false;
  std::istringstream words(store_->get_to_str(key));
  std::string where, number, stat;
  words >> where >> number;
  if (where != machine()) return false;
  std::getline(std::ifstream("/proc/" + number + "/stat"), stat);
  const size_t name = stat.rfind(')');  // a state follows: killed, not yet waited for, or stopped
  return name != std::string::npos && name + 2 < stat.size() &&
         std::string("ZXTt").find(stat[name + 2]) == std::string::npos;
}

bool Rendezvous::is_there(const std::string& mark, int rank) const {
  return store_->check({mark + std::to_string(rank)});
}

void Rendezvous::arrive(const std::string& mark, std::chrono::milliseconds within,
                        const std::string& what) {
  std::vector<int> missing;
  try {
    store_->set(mark + std::to_string(place_.rank), std::string("1"));
    const auto until = Moment::now() + within;
    for (int r = 0; r < place_.size;) {
      if (is_there(mark, r)) {
        ++r;
      } else if (Moment::now() >= until) {
        missing.push_back(r++);
      } else {
        throw_told();
        std::this_thread::sleep_for(kLook);
      }
    }
  } catch (const LostContact&) {
    throw;
  } catch (const std::exception& e) {
    throw LostContact("lost the store at " + place_.host + ":" + std::to_string(place_.port) +
                      ": " + first_line(e.what()));
  }
  if (missing.empty()) return;
  throw LostContact(rank_list(missing) + " of " + std::to_string(place_.size) + " never " + what +
                    " (waited " + std::to_string(within.count() / 1000) +
                    " s); start all of them, with the same MASTER_ADDR and MASTER_PORT");
}

void Rendezvous::throw_told() const {
  if (store_->check({"error"})) throw LostContact(store_->get_to_str("error"));
}

void Rendezvous::fail(const std::string& text) {
  try {
    store_->set("error", "rank " + std::to_string(place_.rank) + ": " + text);
  } catch (const std::exception&) {  // nobody is left to hear it
  }
}

void Rendezvous::leave(const std::string& name, const std::string& text) {
  try {
    job_->set(name, text);
  } catch (const std::exception& e) {
    explain(first_line(e.what()));
  }
}

std::string Rendezvous::left(const std::string& name) {
  try {
    return job_->check({name}) ? job_->get_to_str(name) : "";
  } catch (const std::exception& e) {
    explain(first_line(e.what()));
  }
}

void Rendezvous::explain(const std::string& reason) {
  std::vector<int> gone;
  try {
    const std::string mark = "lost/";
    store_->set(mark + std::to_string(place_.rank), std::string("1"));
    const auto until = Moment::now() + kToExplain;
    do {
      throw_told();
      gone.clear();
      for (int r = 0; r < place_.size; ++r) {
        if (!is_there(mark, r)) gone.push_back(r);
      }
      std::this_thread::sleep_for(kLook);
    } while (!gone.empty() && Moment::now() < until);
    // Those that run have not noticed yet: nobody beside them has ended.
    const auto stopped = [&](int r) { return !runs_here(r); };
    if (std::ranges::any_of(gone, stopped))
      std::erase_if(gone, [&](int r) { return !stopped(r); });
  } catch (const LostContact&) {
    throw;
  } catch (const std::exception&) {
    gone.clear();  // the store is lost too
  }
  throw LostContact("lost contact with " + (gone.empty() ? "another rank" : rank_list(gone)) +
                    " of " + std::to_string(place_.size) +
                    (reason.find("imed out") != std::string::npos
                         ? ", which has not answered for dist.timeout seconds"
                         : ", whose connection is closed"));
}

}  // namespace latent
