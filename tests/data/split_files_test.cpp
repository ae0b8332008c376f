#include "src/data/split_files.h"

#include <algorithm>
#include <filesystem>

#include "src/data/id_order.h"
#include "src/data/split.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

/// 60 rows with times that take all digits of a double, and ids that need quotes.
std::string awkward_rows() {
  RandomStream random = Rng(1).stream("awkward");
  const Lines ids = {"plain", "with, comma", "with \"\"quotes\"\"", " blanks ", "\ttab", "naïve"};
  std::string text = "user,item,rating,time\n";
  for (int n = 0; n < 60; ++n) {
    const auto id = [&] { return "\"" + ids[random.below(6)] + "\""; };
    const std::string user = id(), item = "\"i" + std::to_string(random.below(9)) + "\"";
    char numbers[80];
    std::snprintf(numbers, sizeof numbers, ",%.9g,%.17g\n", random.uniform() * 5,
                  978300760 + random.uniform());
    text += user + "," + item + numbers;
  }
  return text;
}

struct Source {
  TemporaryFolder folder;
  SplitFilesRequest request;

  Source() {
    request.data.cache_dir = "none";
    request.data.path = folder.write("source.csv", awkward_rows());
    request.split.test = 0.2;
    request.split.valid = 0.1;
    request.folder = folder.file("parts");
  }

  /// Options that read what was written there.
  DataOptions written(const std::string& suffix = ".csv") const {
    DataOptions out;
    out.cache_dir = "none";
    out.path = request.folder + "/train" + suffix;
    for (auto [part, path] : {std::pair("/valid", &out.valid_path), {"/test", &out.test_path}}) {
      if (fs::exists(request.folder + part + suffix)) *path = request.folder + part + suffix;
    }
    out.ids_path = request.folder + "/ids" + suffix;
    return out;
  }
};

/// Rows, their order and the numbers of the ids.
void expect_same(const SplitDataset& got, const SplitDataset& expected) {
  EXPECT_EQ(got.users.names(), expected.users.names());
  EXPECT_EQ(got.items.names(), expected.items.names());
  for (const auto part : {&Split::train, &Split::valid, &Split::test}) {
    const Interactions &a = got.parts.*part, &b = expected.parts.*part;
    EXPECT_EQ(a.user, b.user);
    EXPECT_EQ(a.item, b.item);
    EXPECT_EQ(a.rating, b.rating);
  }
}

SplitOptions files() {
  SplitOptions out;
  out.kind = "files";
  return out;
}

TEST(SplitFiles, AreReadBackAsThePartsOfEveryKind) {
  for (const char* kind : {"random", "time", "per_user", "leave_one_out", "k_fold"}) {
    for (const bool gz : {false, true}) {
      Source s;
      s.request.split.kind = kind;
      s.request.gz = gz;
      const Lines wrote = write_split_files(s.request);
      EXPECT_EQ(wrote.size(), 4u);
      expect_same(load_dataset(s.written(gz ? ".csv.gz" : ".csv"), files()),
                  load_dataset(s.request.data, s.request.split));
    }
  }
}

TEST(SplitFiles, KeepTheTimesToTheLastBit) {
  Source s;
  write_split_files(s.request);
  DataOptions timed = s.written();
  timed.time = "time";
  DataOptions source = s.request.data;
  source.time = "time";
  EXPECT_EQ(load_dataset(timed, files()).parts.train.time,
            load_dataset(source, s.request.split).parts.train.time);
}

TEST(SplitFiles, WriteNumbersAsPeopleDo) {
  Source s;
  s.request.data.path =
      s.folder.write("d.csv", "user,item,rating,time\nu,i,4,1000000000\nu,j,0.1,5\n");
  s.request.split.test = 0;
  s.request.split.valid = 0;
  EXPECT_EQ(write_split_files(s.request).size(), 2u);
  Lines lines = lines_of(s.request.folder + "/train.csv");
  std::ranges::sort(lines);
  EXPECT_EQ(lines, (Lines{"u,i,4,1000000000", "u,j,0.1,5", "user,item,rating,time"}));
  s.request.data.time = "none";
  s.request.overwrite = true;
  write_split_files(s.request);
  EXPECT_EQ(lines_of(s.request.folder + "/train.csv")[0], "user,item,rating");
}

TEST(SplitFiles, AreOfFilteredRows) {
  Source s;
  s.request.data.positive_at_least = 3;
  s.request.data.min_user = 2;
  write_split_files(s.request);
  const SplitDataset got = load_dataset(s.written(), files());
  expect_same(got, load_dataset(s.request.data, s.request.split));
  EXPECT_GE(*std::ranges::min_element(got.parts.train.rating), 3);
}

TEST(SplitFiles, OfAllFoldsHoldEachRowInOneTestPart) {
  Source s;
  s.request.all_folds = 3;
  s.request.split.valid = 0;
  EXPECT_EQ(write_split_files(s.request).size(), 7u);
  SplitOptions fold;
  fold.kind = "k_fold";
  fold.folds = 3;
  for (fold.fold = 1; fold.fold <= 3; ++fold.fold) {
    const std::string at = s.request.folder + "/fold-" + std::to_string(fold.fold);
    DataOptions written = s.request.data;
    written.path = at + "/train.csv";
    written.test_path = at + "/test.csv";
    written.ids_path = s.request.folder + "/ids.csv";
    expect_same(load_dataset(written, files()), load_dataset(s.request.data, fold));
  }
}

TEST(SplitFiles, ReplaceOthersOnlyWhenAsked) {
  Source s;
  write_split_files(s.request);
  const std::string train = s.request.folder + "/train.csv";
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, write_split_files(s.request)),
            train + ": already exists; give another folder, or --overwrite");
  s.request.gz = true;  // the same split again, under other names
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, write_split_files(s.request)),
            train + ": already exists; give another folder, or --overwrite");
  s.request.overwrite = true;
  s.request.split.valid = 0;
  write_split_files(s.request);
  Lines left;
  for (const auto& entry : fs::directory_iterator(s.request.folder))
    left.push_back(entry.path().filename());
  std::ranges::sort(left);
  EXPECT_EQ(left, (Lines{"ids.csv.gz", "test.csv.gz", "train.csv.gz"}));
}

TEST(SplitFiles, NeverReplaceTheirSource) {
  Source s;
  s.request.folder = s.folder.path();
  s.request.data.path = s.folder.write("train.csv", awkward_rows());
  s.request.overwrite = true;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, write_split_files(s.request)),
            s.request.data.path + ": is what the data is read from; give another folder");
  EXPECT_EQ(lines_of(s.request.data.path).size(), 61u);
}

TEST(SplitFiles, SayWhereTheyCannotBeWritten) {
  Source s;
  s.request.folder = s.request.data.path + "/parts";
  EXPECT_TRUE(
      has(LATENT_MESSAGE_OF(Error, write_split_files(s.request)), "cannot make the folder"));
}

TEST(SplitFiles, AreNotBegunForASplitThatIsWrong) {
  Source s;
  s.request.split.test = 0.5;
  s.request.split.valid = 0.5;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, write_split_files(s.request)),
            "split.test and split.valid together must be below 1");
  EXPECT_FALSE(fs::exists(s.request.folder));
}

Dataset dataset_of(const Lines& users, const Lines& items) {
  Dataset out;
  for (size_t n = 0; n < users.size(); ++n) {
    const int32_t user = out.users.add(users[n]), item = out.items.add(items[n]);
    out.rows.push(user, item, static_cast<float>(n));
    out.left_out.push(user, item);
  }
  return out;
}

TEST(IdOrder, ComesBackFromItsFileWhateverTheIdsAre) {
  const TemporaryFolder folder;
  const Lines awkward = {"a,b", "say \"x\"", "two\nlines", " blank", "tab\t", "user", "ß"};
  const Dataset first = dataset_of(awkward, awkward);
  write_id_order(folder.file("ids.csv"), first.users, first.items);
  Dataset second =
      dataset_of({awkward.rbegin(), awkward.rend()}, {awkward.rbegin(), awkward.rend()});
  take_id_order(second, folder.file("ids.csv"));
  EXPECT_EQ(second.users.names(), awkward);
  EXPECT_EQ(second.items.names(), awkward);
  EXPECT_EQ(second.rows.user, (std::vector<int32_t>{6, 5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(second.left_out.item, second.rows.item);
}

TEST(IdOrder, PutsOtherIdsBehindAndPassesOverThoseThatAreNotThere) {
  const TemporaryFolder folder;
  Dataset data = dataset_of({"x", "b", "a"}, {"i", "i", "j"});
  take_id_order(data, folder.write("ids.csv", "role,id\r\nuser,a\r\n\r\nuser,gone\r\nuser,b\r\n"));
  EXPECT_EQ(data.users.names(), (Lines{"a", "b", "x"}));
  EXPECT_EQ(data.items.names(), (Lines{"i", "j"}));
  EXPECT_EQ(data.rows.user, (std::vector<int32_t>{2, 1, 0}));
}

TEST(IdOrder, IsRefusedWithItsLineInAnotherForm) {
  const TemporaryFolder folder;
  const std::string takes = "; data.ids_path takes the ids.csv that latent split writes";
  for (const auto& [text, what] : std::vector<std::pair<std::string, std::string>>{
           {"user,a\n", ":1: expected the header role,id"},
           {"role,id\nuser\n", ":2: expected user,ID or item,ID"},
           {"role,id\nowner,a\n", ":2: expected user,ID or item,ID"},
           {"role,id\nuser,a\nitem,a\nuser,a\n", ":4: user 'a' stands twice"},
           {"role,id\nuser,\"a\n", ":2: a quoted field never ends"},
           {"role,id\nuser,\"a\"b\n",
            ":2: text after a closing quote; double the quotes inside a quoted field"}}) {
    Dataset data = dataset_of({"a"}, {"i"});
    const std::string path = folder.write("ids.csv", text);
    EXPECT_EQ(LATENT_MESSAGE_OF(Error, take_id_order(data, path)), path + what + takes);
  }
}

}  // namespace
}  // namespace latent
