#include "src/export/npz_export.h"

#include "src/base/error.h"
#include "src/formats/npz.h"
#include "tests/support.h"

namespace latent {
namespace {

struct Tables {
  std::vector<float> user = {1, 2, 1, 3, 4, 1}, item = {5, 6, 7};
  std::vector<std::string> users = {"ann", "bob"}, items = {"x"};
  ImplicitTables view() const { return {2, 1, 3, user, item, users, items}; }
};

void expect_tables(const NpzReader& in, const Tables& t) {
  EXPECT_EQ(in.floats("user_factors", NpyShape{2, 3}), t.user);
  EXPECT_EQ(in.floats("item_factors", NpyShape{1, 3}), t.item);
  EXPECT_EQ(in.texts("dtype"), std::vector<std::string>{"float32"});
  EXPECT_EQ(in.texts("user_ids"), t.users);
  EXPECT_EQ(in.texts("item_ids"), t.items);
}

// load() turns arrays without dimensions into Python scalars; of one element they would stay arrays
// and break fit().
TEST(ImplicitBpr, HasTheAttributesThatLoadSets) {
  const TemporaryFolder folder;
  const Tables t;
  write_implicit_bpr_npz(folder.file("m.npz"), t.view(),
                         {.learning_rate = 0.05,
                          .regularization = 0.01,
                          .iterations = 3,
                          .verify_negative_samples = true,
                          .random_state = 42});
  const NpzReader in(folder.file("m.npz"));
  expect_tables(in, t);
  EXPECT_EQ(in.doubles("factors", NpyShape{}), std::vector<double>{2});
  EXPECT_EQ(in.doubles("learning_rate", NpyShape{}), std::vector<double>{0.05});
  EXPECT_EQ(in.doubles("regularization", NpyShape{}), std::vector<double>{0.01});
  EXPECT_EQ(in.doubles("iterations", NpyShape{}), std::vector<double>{3});
  EXPECT_EQ(in.doubles("num_threads", NpyShape{}), std::vector<double>{0});
  EXPECT_EQ(in.doubles("random_state", NpyShape{}), std::vector<double>{42});
  EXPECT_EQ(in.doubles("verify_negative_samples", NpyShape{}), std::vector<double>{1});
}

TEST(ImplicitAls, HasTheAttributesThatLoadSets) {
  const TemporaryFolder folder;
  const Tables t;
  write_implicit_als_npz(
      folder.file("m.npz"), t.view(),
      {.regularization = 0.01, .alpha = 40, .iterations = 15, .use_cg = false});
  const NpzReader in(folder.file("m.npz"));
  expect_tables(in, t);
  EXPECT_EQ(in.doubles("factors", NpyShape{}), std::vector<double>{3});
  EXPECT_EQ(in.doubles("alpha", NpyShape{}), std::vector<double>{40});
  EXPECT_EQ(in.doubles("use_native", NpyShape{}), std::vector<double>{1});
  EXPECT_EQ(in.doubles("use_cg", NpyShape{}), std::vector<double>{0});
  EXPECT_EQ(in.doubles("cg_steps", NpyShape{}), std::vector<double>{3});
  EXPECT_FALSE(in.has("random_state"));
}

TEST(ImplicitExport, AsksForTheNameThatLoadLooksFor) {
  const TemporaryFolder folder;
  const Tables t;
  const std::string text =
      LATENT_MESSAGE_OF(Error, write_implicit_bpr_npz(folder.file("m.bin"), t.view(), {}));
  EXPECT_NE(text.find("name it " + folder.file("m.bin") + ".npz"), std::string::npos) << text;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace latent
