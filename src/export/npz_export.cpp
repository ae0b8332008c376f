#include "src/export/npz_export.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/formats/npz.h"

namespace latent {

namespace {

/// load() of implicit sets every array as an attribute of a new model, single values as Python
/// scalars; `dtype` is the name of the factors' type.
NpzWriter begin(const std::filesystem::path& path) {
  if (path.extension() != ".npz" && !output_place(path).stream)
    throw Error(path.string() + ": implicit loads only files named .npz; name it " + path.string() +
                ".npz");
  return NpzWriter(path);
}

void add_tables(NpzWriter& file, const ImplicitTables& t, int64_t factors) {
  file.add("user_factors", t.user_factors, {t.users, t.columns});
  file.add("item_factors", t.item_factors, {t.items, t.columns});
  file.add_integer("factors", factors);
  file.add_text("dtype", "float32");
  if (!t.user_ids.empty()) file.add_texts("user_ids", t.user_ids);
  if (!t.item_ids.empty()) file.add_texts("item_ids", t.item_ids);
  if (!t.trained_on.empty()) file.add_text("trained_on", t.trained_on);
}

}  // namespace

void write_implicit_bpr_npz(const std::filesystem::path& path, const ImplicitTables& tables,
                            const ImplicitBprParameters& parameters) {
  NpzWriter file = begin(path);
  add_tables(file, tables, tables.columns - 1);
  file.add_number("regularization", parameters.regularization);
  file.add_number("learning_rate", parameters.learning_rate);
  file.add_flag("verify_negative_samples", parameters.verify_negative_samples);
  file.add_integer("num_threads", parameters.num_threads);
  file.add_integer("iterations", parameters.iterations);
  if (parameters.random_state) file.add_integer("random_state", *parameters.random_state);
  file.commit();
}

void write_implicit_als_npz(const std::filesystem::path& path, const ImplicitTables& tables,
                            const ImplicitAlsParameters& parameters) {
  NpzWriter file = begin(path);
  add_tables(file, tables, tables.columns);
  file.add_number("regularization", parameters.regularization);
  file.add_number("alpha", parameters.alpha);
  file.add_integer("num_threads", parameters.num_threads);
  file.add_integer("iterations", parameters.iterations);
  file.add_integer("cg_steps", parameters.cg_steps);
  file.add_flag("use_native", parameters.use_native);
  file.add_flag("use_cg", parameters.use_cg);
  file.add_flag("calculate_training_loss", parameters.calculate_training_loss);
  if (parameters.random_state) file.add_integer("random_state", *parameters.random_state);
  file.commit();
}

}  // namespace latent
