#include "src/server/live_model.h"

#include <malloc.h>
#include <sys/stat.h>

#include <utility>

#include "src/base/error.h"
#include "src/base/log.h"

namespace latent {

namespace {

FileStamp stamp_of(const std::string& path) {
  struct stat at {};
  if (::stat(path.c_str(), &at) != 0) return {};
  return {at.st_dev, at.st_ino, static_cast<uint64_t>(at.st_size),
          int64_t{at.st_mtim.tv_sec} * 1'000'000'000 + at.st_mtim.tv_nsec};
}

std::shared_ptr<const ServedModel> loaded(const std::string& path) {
  auto model = std::make_shared<const ServedModel>(path, Hold::kCopied);
  model->check_all();
  // The first request is not to wait for these.
  (void)model->ranker();
  for (int32_t i = 0; i < model->item_ids().size(); ++i) {
    const std::string item(model->item_ids()[i]);
    if (model->knows_item(item) != ServedModel::Known::kYes) continue;
    try {
      (void)model->fold_in(std::vector<RatedId>{{.item = item}});
    } catch (const Error&) {  // it folds nobody in: whoever asks is told
    }
    break;
  }
  return model;
}

}  // namespace

LiveModel::LiveModel(std::string path)
    : path_(std::move(path)), loaded_(stamp_of(path_)), seen_(loaded_) {
  model_ = loaded(path_);
}

std::shared_ptr<const ServedModel> LiveModel::get() const {
  const std::scoped_lock lock(mutex_);
  return model_;
}

void LiveModel::look() {
  const FileStamp now = stamp_of(path_);
  if (now == FileStamp() || now == loaded_) return;  // a file that is gone is no other one
  if (now == seen_)
    reload();
  else
    seen_ = now;
}

void LiveModel::reload() {
  const FileStamp now = stamp_of(path_);
  loaded_ = seen_ = now;
  try {
    auto fresh = loaded(path_);
    {
      const std::scoped_lock lock(mutex_);
      model_.swap(fresh);
    }
    ++loads_;
    fresh.reset();
    ::malloc_trim(0);
    say("now serving the new " + path_);
  } catch (const std::exception& e) {
    ++refusals_;
    say(std::string(e.what()) + "; the model that was loaded before goes on");
  }
}

}  // namespace latent
