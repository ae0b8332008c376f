#include "src/export/module_source.h"

namespace latent {

namespace {

/// score_all and forward, of the parts that the model has.
std::string score_source(const ModuleParts& parts) {
  std::string pairs, all;
  const auto term = [](std::string& sum, const std::string& text) {
    sum += (sum.empty() ? "" : " + ") + text;
  };
  if (parts.alpha) {
    term(pairs, "self.alpha.expand(users.size(0))");
    term(all, "self.alpha.expand(users.size(0), self.item_count)");
  }
  if (parts.beta_user) {
    term(pairs, "torch.index_select(self.beta_user, 0, users)");
    term(all, "torch.index_select(self.beta_user, 0, users).unsqueeze(1)");
  }
  if (parts.beta_item) {
    term(pairs, "torch.index_select(self.beta_item, 0, items)");
    // Alone it is the same for every user.
    const bool alone = !parts.alpha && !parts.beta_user && !parts.factors;
    term(all, alone ? "self.beta_item.unsqueeze(0).expand(users.size(0), self.item_count)"
                    : "self.beta_item.unsqueeze(0)");
  }
  if (parts.factors) {
    term(pairs,
         "(torch.index_select(self.gamma_user, 0, users) * torch.index_select(self.gamma_item, 0, "
         "items)).sum(-1)");
    term(all, "torch.matmul(torch.index_select(self.gamma_user, 0, users), self.gamma_item.t())");
  }
  std::string rating = pairs;
  if (parts.has_default) rating = "self.or_default(" + pairs + ")";
  if (parts.clips) rating = "torch.clamp(" + rating + ", self.rating_low, self.rating_high)";
  // A model of alpha alone never touches the ids: index_select on the identity still checks them.
  return "def forward(self, users: Tensor, items: Tensor) -> Tensor:\n"
         "    assert users.size(0) == items.size(0), \"users and items must be of one length\"\n"
         "    assert users.numel() == 0 or (int(users.min()) >= 0 and int(users.max()) < "
         "self.user_count), \"user index out of range\"\n"
         "    assert items.numel() == 0 or (int(items.min()) >= 0 and int(items.max()) < "
         "self.item_count), \"item index out of range\"\n"
         "    return " +
         rating +
         "\n\n"
         "def score_all(self, users: Tensor) -> Tensor:\n"
         "    assert users.numel() == 0 or (int(users.min()) >= 0 and int(users.max()) < "
         "self.user_count), \"user index out of range\"\n"
         "    return (" +
         all + ").contiguous()\n\n";
}

/// What FactorView::as_rating says before it clips.
constexpr const char* kDefaultSource = R"(
def or_default(self, scores: Tensor) -> Tensor:
    return torch.where(scores == 0, torch.full_like(scores, self.default_prediction), scores)

)";

/// The standard deviation of a rating: that of its score over the draws, and the noise.
std::string sd_source(const ModuleParts& parts) {
  if (!parts.draws) return "";
  const std::string products =
      "draws = draws + (torch.index_select(self.gamma_user, 0, users) * "
      "torch.index_select(self.gamma_item, 0, items)).view(users.size(0), count, -1).sum(-1) * "
      "count\n    ";
  return "def score_sd(self, users: Tensor, items: Tensor) -> Tensor:\n"
         "    self.forward(users, items)  # checks the ids\n"
         "    count = self.noise_variance.size(0)\n"
         "    draws = torch.index_select(self.beta_user_draws, 0, users) + "
         "torch.index_select(self.beta_item_draws, 0, items)\n    " +
         (parts.factors ? products : "") +
         "spread = (draws - draws.mean(1, True)).square().sum(1) / max(count - 1, 1)\n"
         "    return (spread + self.noise_variance.mean()).sqrt()\n\n"
         "def predict_id_sd(self, user: str, item: str) -> float:\n"
         "    users = self.known_user(user)\n"
         "    return float(self.score_sd(users, self.known_item(item))[0])\n\n";
}

/// Ids by index and back. A table of ids is (text, start, slots), see src/score/id_table.h; strings of
/// TorchScript are bytes, so ord and chr speak of bytes.
constexpr const char* kIdSource = R"(
def codes(self, table: Tuple[Tensor, Tensor, Tensor], index: int) -> List[int]:
    ends: List[int] = table[1].narrow(0, index, 2).tolist()
    out: List[int] = table[0].narrow(0, ends[0], ends[1] - ends[0]).to(4).tolist()
    return out

def name_of(self, table: Tuple[Tensor, Tensor, Tensor], index: int) -> str:
    ascii = self.ascii  # indexing it is faster than chr
    out: List[str] = []
    for code in self.codes(table, index):
        out.append(ascii[code] if code < 128 else chr(code))
    return "".join(out)

def find(self, table: Tuple[Tensor, Tensor, Tensor], name: str) -> int:
    codes = [ord(c) for c in name]
    hash = 2166136261
    for code in codes:
        hash = ((hash ^ code) * 16777619) & 4294967295
    slots = table[2]
    slot = hash & (slots.size(0) - 1)
    index = int(slots[slot])
    while index >= 0 and self.codes(table, index) != codes:
        slot = (slot + 1) & (slots.size(0) - 1)
        index = int(slots[slot])
    return index

def find_user(self, user: str) -> int:
    return self.find(self.user_table, user)

def find_item(self, item: str) -> int:
    return self.find(self.item_table, item)

def user_id(self, index: int) -> str:
    assert index >= 0 and index < self.user_count, "user index out of range"
    return self.name_of(self.user_table, index)

def item_id(self, index: int) -> str:
    assert index >= 0 and index < self.item_count, "item index out of range"
    return self.name_of(self.item_table, index)

def known_user(self, user: str) -> Tensor:
    index = self.find_user(user)
    assert index >= 0, "unknown user '" + user + "'"
    return torch.full([1], index, dtype=4, device=self.seen_items.device)

def known_item(self, item: str) -> Tensor:
    index = self.find_item(item)
    assert index >= 0, "unknown item '" + item + "'"
    return torch.full([1], index, dtype=4, device=self.seen_items.device)

def named(self, table: Tuple[Tensor, Tensor, Tensor], indices: Tensor, scores: Tensor) -> List[Tuple[str, float]]:
    out: List[Tuple[str, float]] = []
    for n in range(indices.size(1)):
        index = int(indices[0, n])
        if index >= 0:
            out.append((self.name_of(table, index), float(scores[0, n])))
    return out
)";

constexpr const char* kTitleSource = R"(
def item_title(self, index: int) -> str:
    assert index >= 0 and index < self.item_count, "item index out of range"
    return self.name_of(self.title_table, index)
)";

/// dtype=4 is int64, 6 float32: TorchScript compiled without Python knows dtypes by number only.
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

def trained_alone(self, scores: Tensor, users: Tensor) -> Tensor:
    # -inf where the user or the item has no row of the fit.
    unknown = (torch.index_select(self.user_rows, 0, users) == 0).unsqueeze(1) | (self.item_rows == 0).unsqueeze(0)
    return scores.masked_fill(unknown, -float("inf"))

def recommend(self, users: Tensor, k: int, exclude_seen: bool) -> Tuple[Tensor, Tensor]:
    scores = self.trained_alone(self.score_all(users), users)
    if exclude_seen:
        for b in range(users.size(0)):
            u = int(users[b])
            seen = self.seen_items[int(self.seen_start[u]):int(self.seen_start[u + 1])]
            scores[b].index_fill_(0, seen.long(), -float("inf"))
    return self.top(scores, k)

def recommend_id(self, user: str, k: int, exclude_seen: bool) -> List[Tuple[str, float]]:
    items, scores = self.recommend(self.known_user(user), k, exclude_seen)
    return self.named(self.item_table, items, scores)

def predict_id(self, user: str, item: str) -> float:
    users = self.known_user(user)
    return float(self.forward(users, self.known_item(item))[0])

def popular_id(self, user: str, k: int) -> List[Tuple[str, float]]:
    counts = self.item_rows.to(6)
    counts = counts.masked_fill(self.item_rows == 0, -float("inf"))
    index = self.find_user(user)
    if index >= 0:
        seen = self.seen_items[int(self.seen_start[index]):int(self.seen_start[index + 1])]
        counts.index_fill_(0, seen.long(), -float("inf"))
    else:
        index = self.find(self.stranger_table, user)
        if index >= 0:
            had = self.strangers_items[int(self.strangers_start[index]):int(self.strangers_start[index + 1])]
            counts.index_fill_(0, had.long(), -float("inf"))
    items, scores = self.top(counts.unsqueeze(0), k)
    return self.named(self.item_table, items, scores)

def similar_items_id(self, item: str, k: int) -> List[Tuple[str, float]]:
    items, scores = self.similar_items(self.known_item(item), k)
    return self.named(self.item_table, items, scores)

def similar_users_id(self, user: str, k: int) -> List[Tuple[str, float]]:
    users, scores = self.similar_users(self.known_user(user), k)
    return self.named(self.user_table, users, scores)

def rank_items(self, users: Tensor, items: Tensor) -> Tuple[Tensor, Tensor]:
    assert items.numel() == 0 or (int(items.min()) >= 0 and int(items.max()) < self.item_count), "item index out of range"
    scores = torch.index_select(self.trained_alone(self.score_all(users), users), 1, items)
    order = torch.argsort(scores, stable=True, dim=1, descending=True)
    best = torch.gather(scores, 1, order)
    ranked = torch.gather(items.unsqueeze(0).expand(users.size(0), items.size(0)), 1, order)
    return ranked.masked_fill(best == -float("inf"), -1), best

def rank_items_id(self, user: str, items: List[str]) -> List[Tuple[str, float]]:
    users = self.known_user(user)
    indices: List[int] = []
    for item in items:
        index = self.find_item(item)
        assert index >= 0, "unknown item '" + item + "'"
        indices.append(index)
    chosen = torch.tensor(indices, dtype=4, device=self.seen_items.device)
    ranked, scores = self.rank_items(users, chosen)
    return self.named(self.item_table, ranked, scores)
)";

constexpr const char* kSimilarSource = R"(
def nearest(self, table: Tensor, counts: Tensor, rows: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    norms = torch.norm(table, 2, 1).clamp(min=1e-30)
    chosen = torch.index_select(table, 0, rows) / torch.index_select(norms, 0, rows).unsqueeze(1)
    scores = torch.matmul(chosen, (table / norms.unsqueeze(1)).t())
    unknown = (torch.index_select(counts, 0, rows) == 0).unsqueeze(1) | (counts == 0).unsqueeze(0)
    scores = scores.masked_fill(unknown, -float("inf"))
    for b in range(rows.size(0)):
        scores[b, int(rows[b])] = -float("inf")
    return self.top(scores, min(k, table.size(0) - 1))

def similar_items(self, items: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert items.numel() == 0 or (int(items.min()) >= 0 and int(items.max()) < self.item_count), "item index out of range"
    return self.nearest(ITEM_TABLE, self.item_rows, items, k)

def similar_users(self, users: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert users.numel() == 0 or (int(users.min()) >= 0 and int(users.max()) < self.user_count), "user index out of range"
    return self.nearest(USER_TABLE, self.user_rows, users, k)
)";

constexpr const char* kNoFactorsSource = R"(
def similar_items(self, items: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert False, "a model of kind " + self.model_name + " has no factors, so it knows no similar items"
    return items, items

def similar_users(self, users: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    assert False, "a model of kind " + self.model_name + " has no factors, so it knows no similar users"
    return users, users
)";

std::string similar_source(const ModuleParts& parts) {
  if (!parts.factors) return kNoFactorsSource;
  std::string source = kSimilarSource;
  const auto put = [&](const std::string& mark, const std::string& table) {
    source.replace(source.find(mark), mark.size(), table);
  };
  put("ITEM_TABLE", parts.bias_is_a_factor
                        ? "torch.cat([self.gamma_item, self.beta_item.unsqueeze(1)], 1)"
                        : "self.gamma_item");
  put("USER_TABLE", parts.bias_is_a_factor
                        ? "torch.cat([self.gamma_user, torch.ones_like(self.gamma_user[:, 0:1])], 1)"
                        : "self.gamma_user");
  return source;
}

}  // namespace

std::string module_source(const ModuleParts& parts) {
  return kIdSource + std::string(parts.titles ? kTitleSource : "") +
         (parts.has_default ? kDefaultSource : "") + score_source(parts) + sd_source(parts) +
         similar_source(parts) + kRankingSource;
}

}  // namespace latent
