#include "src/run/ranks.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "src/base/error.h"
#include "src/base/interrupt.h"
#include "src/base/one_of_many.h"
#include "src/base/version.h"
#include "src/config/catalog.h"
#include "src/config/knobs.h"
#include "src/config/run_paths.h"
#include "src/config/write.h"
#include "src/formats/crc32.h"
#include "src/kernels/cpu_level.h"
#include "src/run/model_for_data.h"
#include "src/run/run_directory.h"
#include "src/train/collective.h"

namespace latent {

namespace {

using nlohmann::json;

/// Ends all ranks alike: the first one says why.
[[noreturn]] void refuse_all(const std::string& text, const Peers& peers) {
  throw Error(peers.first() ? text : "");
}

/// What may differ from rank to rank: the machine's own.
bool of_a_machine(const std::string& knob) {
  return knob == "train.threads" || knob == "data.cache_dir" || knob == "data.memory" ||
         knob.starts_with("log.") || std::ranges::count(path_knobs(), knob) > 0;
}

json facts_of(const RunConfig& config, const SplitDataset& data) {
  RunConfig copy = config;
  json out = {{"the program's version", kVersion},
              {"the kernels' level (LATENT_CPU)", cpu_level_name(cpu_level())},
              {"the checksum of the data", hex(data.checksum)},
              {"the checksum of the ids", hex(ids_checksum(data))},
              {"the number of training rows", data.parts.train.size()},
              {"whether rows stay on disk (data.memory)", data.parts.train.on_disk()}};
  for (const Knob& knob : knobs(copy)) {
    if (!of_a_machine(knob.name)) out["'" + knob.name + "'"] = knob_value(knob);
  }
  return out;
}

std::string from_first(std::string text, Peers& peers) {
  int64_t size = std::ssize(text);
  peers.broadcast(&size, sizeof size);
  text.resize(size);
  peers.broadcast(text.data(), size);
  return text;
}

/// Throws on all ranks what the lowest one that has something to say says.
void refuse_if_any(const std::string& wrong, Peers& peers) {
  constexpr int64_t kRoom = 512;
  std::vector<char> texts(kRoom * peers.size());
  std::strncpy(texts.data() + kRoom * peers.rank(), wrong.c_str(), kRoom - 1);
  const SharedArray array{texts.data(), kRoom, pieces_of(even_shares(peers.size(), peers.size()))};
  peers.gather({&array, 1});
  for (int r = 0; r < peers.size(); ++r) {
    const char* const text = texts.data() + kRoom * r;
    if (*text != '\0') refuse_all("rank " + std::to_string(r) + ": " + text, peers);
  }
}

/// Of models that several ranks train.
std::string trained_by_ranks() {
  std::string out;
  for (const ModelInfo& model : model_catalog()) {
    if (model.trained == Trained::kByGradient) out += std::string(model.name) + ", ";
  }
  return out + "ials";
}

void require_ranks_fit(const RunConfig& config, const SplitDataset& data, const Peers& peers) {
  const std::string ranks = std::to_string(peers.size());
  const std::string& name = config.model.name;
  if (model_info(name).trained != Trained::kByGradient && name != "ials")
    refuse_all("model.name = " + name + " is trained by one process, and torchrun has started " +
                   ranks + "; start it without torchrun (several train " + trained_by_ranks() +
                   ")",
               peers);
  if (name == "ials" && config.dist.items == "sharded")
    refuse_all("dist.items = sharded is for models that are trained by gradient: ials solves with "
               "whole tables on each rank; set dist.items = replicated",
               peers);
  if (!device_of(config).is_cpu())
    refuse_all("several processes train on the CPU alone; set train.device = cpu, or start one "
               "process without torchrun",
               peers);
  if (data.users.size() < peers.size())
    refuse_all(ranks + " ranks, but the data has " + std::to_string(data.users.size()) +
                   " users, of whom each rank needs one; start fewer",
               peers);
}

/// The same for the same command.
std::string name_of_run(const RunConfig& config, const std::string& stem) {
  const std::string text = stem + "\n" + config_to_json(config).dump();
  return "run/" + hex(crc32_of(text.data(), text.size(), 0));
}

}  // namespace

int with_ranks(const std::function<int(Peers&)>& body) {
  const auto place = torchrun_place();
  if (!place) return body(alone());
  // Once a rank has ended, torchrun ends the others: not before they have said why.
  const InterruptGuard later;
  share_machine(place->local_size);
  if (place->rank > 0) leave_speaking_to_others();
  const std::string mark = place->rank > 0 ? "rank " + std::to_string(place->rank) + ": " : "";
  std::unique_ptr<World> world;
  try {
    world = World::join(*place);
    return body(*world);
  } catch (const Interrupted&) {
    throw;
  } catch (const LostContact& e) {
    throw Error(mark + e.what());
  } catch (const Error& e) {
    if (*e.what() == '\0') throw;
    if (world) world->fail(e.what());
    throw Error(mark + e.what());
  } catch (const std::exception& e) {
    if (world) world->fail("a bug: " + std::string(e.what()));
    throw;
  }
}

void require_one_process(const std::string& command) {
  const auto place = torchrun_place();
  if (place)
    throw Error("latent " + command + " runs in one process, and torchrun has started " +
                std::to_string(place->size) + "; start it without torchrun");
}

std::string run_before(const RunConfig& config, const std::string& run_dir,
                       const std::string& stem, Peers& peers) {
  auto* const world = dynamic_cast<World*>(&peers);
  if (world == nullptr || world->place().restarts == 0) return "";
  world->set_timeout(config.dist.timeout);
  const std::string run = run_dir.empty() ? world->left(name_of_run(config, stem)) : run_dir;
  return from_first(!run.empty() && RunDirectory::is_run(run) ? run : "", peers);
}

void leave_run(const RunConfig& config, const std::string& stem, const std::string& run,
               Peers& peers) {
  if (auto* const world = dynamic_cast<World*>(&peers))
    world->leave(name_of_run(config, stem), run);
}

std::shared_ptr<const SplitDataset> load_with_ranks(const RunConfig& config, Peers& peers) {
  std::shared_ptr<const SplitDataset> out;
  const auto load = [&] {
    out = std::make_shared<const SplitDataset>(load_dataset(config.data, config.split));
  };
  auto* const world = dynamic_cast<World*>(&peers);
  if (world == nullptr) {
    load();
    return out;
  }
  world->set_timeout(config.dist.timeout);
  peers.together([&] {
    if (world->place().local_rank == 0) load();
  });
  peers.together([&] {
    if (!out) load();
  });
  return out;
}

void require_agreement(const RunConfig& config, const SplitDataset& data, Peers& peers) {
  if (peers.alone()) return;
  const json own = facts_of(config, data);
  const json first = json::parse(from_first(own.dump(), peers));
  std::string wrong;
  for (const auto& [what, value] : own.items()) {
    if (wrong.empty() && value != first.value(what, json()))
      wrong = what + " is " + value.dump() + " here and " + first.value(what, json()).dump() +
              " on rank 0; give all ranks the same program, config and data";
  }
  refuse_if_any(wrong, peers);
  require_ranks_fit(config, data, peers);
}

void require_same_step(int64_t step, Peers& peers) {
  for (const int64_t other : peers.gather(step)) {
    if (other != step)
      refuse_all("ranks would go on from steps " + std::to_string(step) + " and " +
                     std::to_string(other) +
                     "; all must see the same run directory, on a shared file system",
                 peers);
  }
}

}  // namespace latent
