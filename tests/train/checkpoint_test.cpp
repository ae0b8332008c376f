// Checkpoints: what is written comes back, what is damaged is refused, the newest whole one is
// taken.
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/train/checkpoint.h"
#include "tests/support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

Checkpoint example(int64_t step) {
  Checkpoint c;
  c.state = {{"step", step}, {"seconds", 1.5}};
  c.tensors = {{"model.alpha", torch::full({1}, static_cast<float>(step))},
               {"model.table", torch::arange(12.0f).reshape({3, 4})},
               {"empty", torch::empty({0, 4})}};
  return c;
}

TEST(Checkpoint, ComesBackAsItWasWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.ckpt");
  save_checkpoint(path, example(7));
  const Checkpoint back = load_checkpoint(path);
  EXPECT_EQ(back.state, example(7).state);
  ASSERT_EQ(back.tensors.size(), 3u);
  for (size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(back.tensors[n].first, example(7).tensors[n].first);
    EXPECT_TRUE(torch::equal(back.tensors[n].second, example(7).tensors[n].second));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1)
      << "a temporary file was left";
}

TEST(Checkpoint, KeepsBFloat16sAsTheyAreAndRefusesThemForFloats) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.ckpt");
  Checkpoint halves = example(7);
  const torch::Tensor table = torch::randn({300, 40}).to(torch::kBFloat16);
  halves.tensors = {{"model.table", table}};
  save_checkpoint(path, halves);
  EXPECT_LT(fs::file_size(path), 300 * 40 * 2 + 1000u);
  const Checkpoint back = load_checkpoint(path);
  ASSERT_EQ(back.tensors[0].second.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(torch::equal(back.tensors[0].second, table));
  try {
    copy_named(back.tensors, "model.table", torch::empty({300, 40}));
    FAIL() << "was taken";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "the checkpoint's table 'table' is of bfloat16 numbers; set model.precision to "
                 "bfloat16, or train anew with --overwrite");
  }
  EXPECT_THROW(copy_named(example(7).tensors, "model.table",
                          torch::empty({3, 4}, torch::kBFloat16)),
               Error);
}

TEST(Checkpoint, LoadsWhatIsWanted) {
  const TemporaryFolder folder;
  save_checkpoint(folder.file("a.ckpt"), example(7));
  const auto load = [&](const Wanted& wanted) {
    return load_checkpoint(folder.file("a.ckpt"), wanted);
  };
  const Checkpoint some = load([](const auto& state, const std::string& name) {
    return state.at("step") == 7 && name == "model.table";
  });
  ASSERT_EQ(some.tensors.size(), 1u);
  EXPECT_TRUE(torch::equal(some.tensors[0].second, example(7).tensors[1].second));
  EXPECT_EQ(load([](const auto&, const auto&) { return false; }).state, example(7).state);
}

TEST(Checkpoint, RefusesEveryTruncationAndEveryFlippedByte) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.ckpt");
  save_checkpoint(path, example(7));
  const std::string whole = read_file(path);
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_THROW(load_checkpoint(folder.write("cut", whole.substr(0, n))), Error) << n;
    std::string flipped = whole;
    flipped[n] = static_cast<char>(flipped[n] ^ 0x10);
    const std::string damaged = folder.write("flipped", flipped);
    EXPECT_THROW(load_checkpoint(damaged), Error) << n;
    EXPECT_THROW(load_checkpoint(damaged, [](const auto&, const auto&) { return false; }), Error)
        << n;
  }
}

/// Files that an earlier program wrote.
const std::string kFormats = std::string(LATENT_SOURCE_DIR) + "/tests/data/formats/";

TEST(Checkpoint, WrittenByAnEarlierProgramIsRead) {
  const Checkpoint single = load_checkpoint(kFormats + "checkpoint-v1.ckpt");
  EXPECT_EQ(single.state["step"], 3);
  EXPECT_EQ(single.state["objective"], 0.436175869589087);
  ASSERT_EQ(single.tensors.size(), 15u);
  EXPECT_EQ(single.tensors[3].first, "model.gamma_user.weight");
  EXPECT_EQ(single.tensors[3].second.sizes(), (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(single.tensors[3].second.scalar_type(), torch::kFloat);
  EXPECT_FLOAT_EQ(single.tensors[3].second[0][0].item<float>(), -0.2182393f);

  const Checkpoint twice = load_checkpoint(kFormats + "checkpoint-v1-float64.ckpt");
  EXPECT_EQ(twice.state["step"], 2);
  ASSERT_EQ(twice.tensors.size(), 5u);
  EXPECT_EQ(twice.tensors[1].first, "model.beta_user.weight");
  EXPECT_EQ(twice.tensors[1].second.scalar_type(), torch::kDouble);
  EXPECT_EQ(twice.tensors[1].second[2][0].item<double>(), -0.005936969821269384);
}

TEST(Checkpoint, IsWrittenAsAnEarlierProgramReadsIt) {
  const TemporaryFolder folder;
  for (const char* name : {"checkpoint-v1.ckpt", "checkpoint-v1-float64.ckpt"}) {
    save_checkpoint(folder.file("a.ckpt"), load_checkpoint(kFormats + name));
    EXPECT_EQ(read_file(folder.file("a.ckpt")), read_file(kFormats + name)) << name;
  }
}

TEST(Checkpoint, OfANewerVersionIsRefusedByThatName) {
  const TemporaryFolder folder;
  std::string bytes = read_file(kFormats + "checkpoint-v1.ckpt");
  bytes[7] = '2';
  const std::string path = folder.write("a.ckpt", bytes);
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, load_checkpoint(path)),
            path + ": a checkpoint of version '2', which a newer latent wrote; this one reads "
                   "version 1");
}

TEST(CheckpointFolder, KeepsTheLastTwo) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path());
  for (const int64_t step : {1, 5, 10, 1000000}) checkpoints.save(step, example(step));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 2);
  EXPECT_EQ(checkpoints.newest()->state["step"], 1000000);
}

TEST(CheckpointFolder, FallsBackToTheOneBeforeADamagedOne) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path());
  EXPECT_FALSE(checkpoints.newest());
  checkpoints.save(1, example(1));
  checkpoints.save(2, example(2));
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    if (entry.path().string().find("2.ckpt") != std::string::npos)
      fs::resize_file(entry.path(), 40);
  }
  EXPECT_EQ(checkpoints.newest()->state["step"], 1);
  for (const auto& entry : fs::directory_iterator(folder.path())) fs::resize_file(entry.path(), 40);
  EXPECT_NE(LATENT_MESSAGE_OF(Error, checkpoints.newest()).find("no checkpoint is whole"),
            std::string::npos);
}

TEST(CheckpointFolder, IsReadWithoutTouchingWhatItsOwnerIsWriting) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path());
  checkpoints.save(1, example(1));
  const std::string half = folder.write("step-000000000002.ckpt.tmp77", "LATCK");
  EXPECT_EQ(checkpoints.newest()->state["step"], 1);
  EXPECT_TRUE(fs::exists(half));
  checkpoints.remove_half_written();
  EXPECT_FALSE(fs::exists(half));
  EXPECT_EQ(checkpoints.newest()->state["step"], 1);
}

TEST(CheckpointFolder, IsListedAgainWhenTheOwnerHasRemovedWhatWasListed) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path());
  checkpoints.save(1, example(1));
  checkpoints.save(2, example(2));
  std::string damaged = read_file(folder.file("step-000000000002.ckpt"));
  damaged.back() ^= 1;
  folder.write("step-000000000002.ckpt", damaged);
  // While the damaged one is read, the owner goes on: the one before it is gone when its turn
  // comes.
  const auto newest = checkpoints.newest([&](const auto& state, const std::string&) {
    if (state["step"] == 2) {
      for (const int64_t step : {3, 4}) checkpoints.save(step, example(step));
    }
    return true;
  });
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->state["step"], 4);
}

}  // namespace
}  // namespace latent
