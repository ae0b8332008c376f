// Adam, SGD and Adagrad over whole tables, with the exact gradient of the L2 penalty folded in.
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "src/base/peers.h"
#include "src/kernels/adam.h"
#include "src/train/checkpoint.h"
#include "src/train/ordered_batch.h"

namespace latent {

enum class OptimizerKind { kAdam, kAdamLazy, kSgd, kAdagrad };

OptimizerKind optimizer_kind(const std::string& name);

/// sum of w^2 in double, in fixed chunks on the CPU.
double sum_of_squares(const torch::Tensor& table);

/// One update of every trained parameter from its .grad plus 2 c w for a table under penalty c sum
/// w^2.
///
/// Adam (Kingma & Ba, 2015; beta .9, .999): epsilon 1e-8 beside the corrected root in the PyTorch
/// form; in the TensorFlow form Keras's epsilon 1e-7 stands beside the uncorrected root of v, which
/// is torch's with 1e-7 / sqrt(1 - .999^t). SGD: w -= lr g. Adagrad (Duchi et al., 2011): s += g^2,
/// w -= lr g / (sqrt(s) + 1e-10). Lazy Adam: a row of a table that the batch does not touch stands
/// still, its moments and its penalty too, as in torch.optim.SparseAdam (corrections count all
/// steps); the work of a step grows with the batch, not with the tables. On the CPU the result is
/// bit-identical for any number of threads, and of ranks, each of which moves its own users'
/// rows and its own items' or all of them.
///
/// A table in bfloat16 has gradients and moments in float32; what it becomes is computed in float32
/// and rounded stochastically (see Rounding), by a stream of the model's seed, the table's name and
/// the step: to the same bits for any number of threads, of ranks, and after a resume.
class Optimizer {
 public:
  /// `users`, `items`: the rows of each rank; not shared: all are everybody's.
  Optimizer(GradientModelImpl& model, OptimizerKind kind, double lr, const OwnedRows& users = {},
            const OwnedRows& items = {});

  /// Leaves the gradients zero, ready for the next batch. `batch`: what they come from; lazy Adam
  /// needs it.
  void step(const OrderedBatch& batch = {});
  /// The penalty of the parameters as the last step left them: Adam sums their squares on its
  /// way.
  double penalty();

  /// Moments and the like, by parameter name; load with the same names and shapes.
  NamedTensors state() const;
  /// What state() holds a row of for each user, and for each item.
  std::vector<torch::Tensor> users_state() const { return state_of(Side::kUsers); }
  std::vector<torch::Tensor> items_state() const { return state_of(Side::kItems); }
  /// That, and gradients, which hold nothing between two steps.
  std::vector<torch::Tensor> users_memory() const { return memory_of(Side::kUsers); }
  std::vector<torch::Tensor> items_memory() const { return memory_of(Side::kItems); }
  void set_steps_done(int64_t steps) { steps_ = steps; }

 private:
  enum class Side { kBoth, kUsers, kItems };
  struct Slot {
    std::string name;
    torch::Tensor parameter, first, second;  // m and v, or Adagrad's s in second
    Side side = Side::kBoth;
    double decay;                            // 2 c
    torch::Tensor squares;         // float64 [1]: sum of the parameter's w^2; undefined: not known
    std::vector<int32_t> stamp;    // lazy Adam: the step that last touched the row
  };
  /// The slot's rows of this rank's own; all for the other sides.
  Piece own_rows(const Slot& slot) const;
  const OwnedRows& rows_of(const Slot& slot) const;
  bool shared(const Slot& slot) const { return rows_of(slot).shared(); }
  std::vector<torch::Tensor> state_of(Side side) const;
  std::vector<torch::Tensor> memory_of(Side side) const;
  /// fn(table, rounding) of the slot's numbers from `from` on; of the CPU.
  template <typename Fn>
  auto with_table(const Slot& slot, int64_t from, const Fn& fn) const;
  /// Of the numbers that all ranks have.
  double shared_squares(const Slot& slot) const;
  /// The sum of grown squares that shared chunks of `keys` have, whose places are each rank's.
  double shared_growth(Slot& slot, const torch::Tensor& keys, const OwnedRows& places,
                       std::span<const int64_t> begin);
  void adam_step(Slot& slot);
  void lazy_step(Slot& slot, const OrderedBatch& batch);
  double epsilon() const;
  void plain_step(Slot& slot) const;

  OptimizerKind kind_;
  Form form_;
  uint64_t seed_;
  double lr_;
  int64_t steps_ = 0;
  OwnedRows users_, items_, everybodys_;
  std::vector<Slot> slots_;
};

}  // namespace latent
