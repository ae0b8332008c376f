#include "src/export/forward_source.h"

namespace latent {

namespace {

/// Lists as recommend gives them, without what a user has seen. Of ids they lie one after another,
/// since servers know lists of strings in one dimension alone; "" stands where recommend has -1.
constexpr const char* kListsOfIdsSource = R"(
def forward(self, users: List[str]) -> Tuple[List[str], Tensor]:
    rows: List[Tensor] = [self.known_user(user) for user in users]
    asked = torch.cat(rows) if len(rows) > 0 else torch.zeros([0], dtype=4, device=self.seen_items.device)
    items, scores = self.recommend(asked, self.list_length, True)
    names: List[str] = []
    flat: List[int] = items.flatten().tolist()
    for item in flat:
        names.append(self.name_of(self.item_table, item) if item >= 0 else "")
    return names, scores
)";

constexpr const char* kListsOfIndicesSource = R"(
def forward(self, users: Tensor) -> Tuple[Tensor, Tensor]:
    return self.recommend(users.flatten(), self.list_length, True)
)";

}  // namespace

std::string with_forward(std::string source, Forward forward) {
  if (forward == Forward::kScores) return source;
  for (const std::string call : {"def forward(", "self.forward("}) {
    for (size_t at = source.find(call); at != std::string::npos; at = source.find(call, at))
      source.replace(at + call.size() - 8, 7, "score_pairs");
  }
  return source + (forward == Forward::kListsOfIds ? kListsOfIdsSource : kListsOfIndicesSource);
}

}  // namespace latent
