#include "src/export/torchscript.h"

#include <torch/script.h>

#include <cmath>
#include <sstream>

#include "src/base/file.h"

namespace latent {

namespace {

using torch::Tensor;

/// What FactorView::as_rating says before it clips.
constexpr const char* kDefaultSource = R"(
def or_default(self, scores: Tensor) -> Tensor:
    return torch.where(scores == 0, torch.full_like(scores, self.default_prediction), scores)

)";

/// score_all and forward, of the parts that the model has.
std::string score_source(const ScoreTables& t, bool clips, bool has_default) {
  std::string pairs, all;
  const auto term = [](std::string& sum, const std::string& text) {
    sum += (sum.empty() ? "" : " + ") + text;
  };
  if (t.alpha.defined()) {
    term(pairs, "self.alpha.expand(users.size(0))");
    term(all, "self.alpha.expand(users.size(0), self.item_count)");
  }
  if (t.beta_user.defined()) {
    term(pairs, "torch.index_select(self.beta_user, 0, users)");
    term(all, "torch.index_select(self.beta_user, 0, users).unsqueeze(1)");
  }
  if (t.beta_item.defined()) {
    term(pairs, "torch.index_select(self.beta_item, 0, items)");
    term(all, "self.beta_item.unsqueeze(0)");
  }
  if (t.gamma_item.defined()) {
    term(pairs,
         "(torch.index_select(self.gamma_user, 0, users) * torch.index_select(self.gamma_item, 0, "
         "items)).sum(-1)");
    term(all, "torch.matmul(torch.index_select(self.gamma_user, 0, users), self.gamma_item.t())");
  }
  std::string rating = pairs;
  if (has_default) rating = "self.or_default(" + pairs + ")";
  if (clips) rating = "torch.clamp(" + rating + ", self.rating_low, self.rating_high)";
  // A model of alpha alone never touches the ids: index_select on the identity still checks them.
  return "def forward(self, users: Tensor, items: Tensor) -> Tensor:\n"
         "    assert users.size(0) == items.size(0), \"users and items must be of one length\"\n"
         "    assert users.numel() == 0 or (int(users.min()) >= 0 and int(users.max()) < "
         "self.user_count), \"user index out of range\"\n"
         "    assert items.numel() == 0 or (int(items.min()) >= 0 and int(items.max()) < "
         "self.item_count), \"item index out of range\"\n"
         "    return " +
         rating +
         "\n\n" +
         (has_default ? kDefaultSource : "") +
         "def score_all(self, users: Tensor) -> Tensor:\n"
         "    assert users.numel() == 0 or (int(users.min()) >= 0 and int(users.max()) < "
         "self.user_count), \"user index out of range\"\n"
         "    return (" +
         all + ").contiguous()\n\n";
}

/// dtype=4 is int64: TorchScript compiled without Python knows dtypes by number only.
constexpr const char* kRankingSource = R"(
def top(self, scores: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    rows = scores.size(0)
    n = max(0, min(k, scores.size(1)))
    items = torch.full([rows, n], -1, dtype=4, device=scores.device)
    best = torch.full([rows, n], -float("inf"), dtype=scores.dtype, device=scores.device)
    if n > 0 and rows > 0:
        floors = torch.topk(scores, n, 1)[0][:, n - 1]
        for b in range(rows):
            row = scores[b]
            # Everything that ties with the last place stands as a candidate; the stable sort then prefers the lower index.
            candidates = torch.nonzero((row >= floors[b]) & (row > -float("inf"))).squeeze(1)
            chosen = torch.index_select(row, 0, candidates)
            order = torch.argsort(chosen, stable=True, dim=0, descending=True)[0:n]
            m = order.size(0)
            items[b, 0:m] = torch.index_select(candidates, 0, order)
            best[b, 0:m] = torch.index_select(chosen, 0, order)
    return items, best

def recommend(self, users: Tensor, k: int, exclude_seen: bool) -> Tuple[Tensor, Tensor]:
    scores = self.score_all(users)
    if exclude_seen:
        for b in range(users.size(0)):
            u = int(users[b])
            seen = self.seen_items[int(self.seen_start[u]):int(self.seen_start[u + 1])]
            scores[b].index_fill_(0, seen.long(), -float("inf"))
    return self.top(scores, k)

def recommend_id(self, user: str, k: int, exclude_seen: bool) -> List[Tuple[str, float]]:
    assert user in self.user_index, "unknown user '" + user + "'"
    users = torch.full([1], self.user_index[user], dtype=4, device=self.seen_items.device)
    items, scores = self.recommend(users, k, exclude_seen)
    out: List[Tuple[str, float]] = []
    for n in range(items.size(1)):
        i = int(items[0, n])
        if i >= 0:
            out.append((self.item_ids[i], float(scores[0, n])))
    return out

def predict_id(self, user: str, item: str) -> float:
    assert user in self.user_index, "unknown user '" + user + "'"
    assert item in self.item_index, "unknown item '" + item + "'"
    users = torch.full([1], self.user_index[user], dtype=4, device=self.seen_items.device)
    items = torch.full([1], self.item_index[item], dtype=4, device=self.seen_items.device)
    return float(self.forward(users, items)[0])

def similar_items_id(self, item: str, k: int) -> List[Tuple[str, float]]:
    assert item in self.item_index, "unknown item '" + item + "'"
    items, scores = self.similar_items(torch.full([1], self.item_index[item], dtype=4, device=self.seen_items.device), k)
    out: List[Tuple[str, float]] = []
    for n in range(items.size(1)):
        i = int(items[0, n])
        if i >= 0:
            out.append((self.item_ids[i], float(scores[0, n])))
    return out

def similar_users_id(self, user: str, k: int) -> List[Tuple[str, float]]:
    assert user in self.user_index, "unknown user '" + user + "'"
    users, scores = self.similar_users(torch.full([1], self.user_index[user], dtype=4, device=self.seen_items.device), k)
    out: List[Tuple[str, float]] = []
    for n in range(users.size(1)):
        u = int(users[0, n])
        if u >= 0:
            out.append((self.user_ids[u], float(scores[0, n])))
    return out

def rank_items(self, users: Tensor, items: Tensor) -> Tuple[Tensor, Tensor]:
    assert items.numel() == 0 or (int(items.min()) >= 0 and int(items.max()) < self.item_count), "item index out of range"
    scores = torch.index_select(self.score_all(users), 1, items)
    order = torch.argsort(scores, stable=True, dim=1, descending=True)
    return torch.gather(items.unsqueeze(0).expand(users.size(0), items.size(0)), 1, order), torch.gather(scores, 1, order)

def rank_items_id(self, user: str, items: List[str]) -> List[Tuple[str, float]]:
    assert user in self.user_index, "unknown user '" + user + "'"
    indices: List[int] = []
    for item in items:
        assert item in self.item_index, "unknown item '" + item + "'"
        indices.append(self.item_index[item])
    chosen = torch.tensor(indices, dtype=4, device=self.seen_items.device)
    ranked, scores = self.rank_items(torch.full([1], self.user_index[user], dtype=4, device=self.seen_items.device), chosen)
    out: List[Tuple[str, float]] = []
    for n in range(ranked.size(1)):
        out.append((self.item_ids[int(ranked[0, n])], float(scores[0, n])))
    return out
)";

constexpr const char* kSimilarSource = R"(
def nearest(self, table: Tensor, rows: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    norms = torch.norm(table, 2, 1).clamp(min=1e-30)
    chosen = torch.index_select(table, 0, rows) / torch.index_select(norms, 0, rows).unsqueeze(1)
    scores = torch.matmul(chosen, (table / norms.unsqueeze(1)).t())
    for b in range(rows.size(0)):
        scores[b, int(rows[b])] = -float("inf")
    return self.top(scores, min(k, table.size(0) - 1))

def similar_items(self, items: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert items.numel() == 0 or (int(items.min()) >= 0 and int(items.max()) < self.item_count), "item index out of range"
    return self.nearest(ITEM_TABLE, items, k)

def similar_users(self, users: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert users.numel() == 0 or (int(users.min()) >= 0 and int(users.max()) < self.user_count), "user index out of range"
    return self.nearest(USER_TABLE, users, k)
)";

constexpr const char* kNoFactorsSource = R"(
def similar_items(self, items: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert False, "a model of kind " + self.model_name + " has no factors, so it knows no similar items"
    return items, items

def similar_users(self, users: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert False, "a model of kind " + self.model_name + " has no factors, so it knows no similar users"
    return users, users
)";

std::string similar_source(const ScoreTables& t, bool bias_is_a_factor) {
  if (!t.gamma_item.defined()) return kNoFactorsSource;
  std::string source = kSimilarSource;
  const auto put = [&](const std::string& mark, const std::string& table) {
    source.replace(source.find(mark), mark.size(), table);
  };
  put("ITEM_TABLE", bias_is_a_factor
                        ? "torch.cat([self.gamma_item, self.beta_item.unsqueeze(1)], 1)"
                        : "self.gamma_item");
  put("USER_TABLE", bias_is_a_factor
                        ? "torch.cat([self.gamma_user, torch.ones_like(self.gamma_user[:, 0:1])], 1)"
                        : "self.gamma_user");
  return source;
}

Tensor plain(const Tensor& t) {
  return t.detach().to(torch::kCPU, torch::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

void add_ids(torch::jit::Module& module, const std::string& kind, const IdMap& ids) {
  c10::List<std::string> names;
  c10::Dict<std::string, int64_t> index;
  names.reserve(ids.size());
  index.reserve(ids.size());
  for (int32_t n = 0; n < ids.size(); ++n) {
    names.push_back(std::string(ids.name(n)));
    index.insert(std::string(ids.name(n)), n);
  }
  module.register_attribute(kind + "_ids", c10::ListType::ofStrings(), names);
  module.register_attribute(
      kind + "_index", c10::DictType::create(c10::StringType::get(), c10::IntType::get()), index);
  module.register_attribute(kind + "_count", c10::IntType::get(), int64_t{ids.size()});
}

}  // namespace

void export_torchscript(const std::string& path, const ExportSpec& spec) {
  torch::jit::Module module("LatentModel");
  const ScoreTables& t = spec.tables;
  const auto parameter = [&](const char* name, const Tensor& table, bool flat) {
    if (table.defined())
      module.register_parameter(name, flat ? plain(table).flatten() : plain(table),
                                /*is_buffer=*/false);
  };
  parameter("alpha", t.alpha, true);
  parameter("beta_user", t.beta_user, true);
  parameter("beta_item", t.beta_item, true);
  parameter("gamma_user", t.gamma_user, false);
  parameter("gamma_item", t.gamma_item, false);
  for (auto p : module.parameters()) p.set_requires_grad(false);
  module.register_buffer("seen_start", torch::tensor(spec.seen->start, torch::kInt64));
  module.register_buffer("seen_items", torch::tensor(spec.seen->item, torch::kInt32));
  module.register_attribute("model_name", c10::StringType::get(), spec.model_name);
  add_ids(module, "user", *spec.users);
  add_ids(module, "item", *spec.items);
  if (spec.titles != nullptr && !spec.titles->empty()) {
    c10::List<std::string> titles;
    for (const std::string& title : *spec.titles) titles.push_back(title);
    module.register_attribute("item_titles", c10::ListType::ofStrings(), titles);
  }
  const bool clips = std::isfinite(spec.lowest) || std::isfinite(spec.highest);
  if (clips) {
    module.register_attribute("rating_low", c10::FloatType::get(), spec.lowest);
    module.register_attribute("rating_high", c10::FloatType::get(), spec.highest);
  }
  if (spec.default_prediction)
    module.register_attribute("default_prediction", c10::FloatType::get(), *spec.default_prediction);
  module.define(score_source(t, clips, spec.default_prediction.has_value()) +
                similar_source(t, spec.bias_is_a_factor) + kRankingSource);

  std::ostringstream bytes;
  const std::string metadata = spec.metadata.dump();
  module.save(bytes, {{"latent.json", metadata}});
  write_file(path, bytes.view());
}

}  // namespace latent
