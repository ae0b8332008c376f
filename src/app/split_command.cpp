// split.
#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/config/complaints.h"
#include "src/data/split_files.h"

namespace latent {

int run_split(int argc, char** argv) {
  CommandLine line("split CONFIG -o DIR [options]",
                   "Writes the parts of CONFIG's data, once filtered and split, as CSV files of "
                   "user,item,rating (and time): train, valid and test, and ids, which keeps the "
                   "order of the ids for data.ids_path.",
                   "latent split configs/movielens.json -o parts --set split.kind=per_user");
  line.add()("o,output", "the folder to write to; it is made where it is not there",
             cxxopts::value<std::string>(), "DIR")(
      "folds", "all K folds of latent crossval --folds K instead, in DIR/fold-1, DIR/fold-2, ...",
      cxxopts::value<int64_t>(),
      "K")("gz", "write .csv.gz")("overwrite", "replace the parts that the folder has");
  line.add_set();
  if (!line.parse(argc, argv, {"CONFIG"}, 1)) return 0;
  if (!line.has("output")) throw UsageError("missing -o DIR; latent split --help shows how");
  const ResolvedConfig resolved = read_with_complaints(line.word(0), line.sets());
  refuse(complaints_apart_from_data(resolved));
  SplitFilesRequest request{.data = resolved.config.data, .split = resolved.config.split};
  request.folder = line.get<std::string>("output");
  if (line.has("folds")) {
    request.all_folds = line.get<int64_t>("folds");
    if (request.all_folds < 2) throw UsageError("--folds must be at least 2");
  }
  request.gz = line.has("gz");
  request.overwrite = line.has("overwrite");
  for (const std::string& path : write_split_files(request)) say_wrote(path);
  return 0;
}

}  // namespace latent
