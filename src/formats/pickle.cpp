#include "src/formats/pickle.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "src/base/bytes.h"

namespace latent {

namespace {

[[noreturn]] void broken() { throw std::runtime_error("not the pickle of a model"); }

using List = std::vector<Pickled>;

template <typename T>
Pickled made(T value) {
  return std::make_shared<PickledValue>(PickledValue{std::move(value)});
}

template <typename T>
const T& as(const Pickled& p) {
  const T* value = p ? std::get_if<T>(&p->value) : nullptr;
  if (value == nullptr) broken();
  return *value;
}

std::vector<int64_t> integers(const Pickled& p) {
  constexpr size_t kMostExtents = 64;
  std::vector<int64_t> out;
  if (as<List>(p).size() > kMostExtents) broken();
  for (const Pickled& n : as<List>(p)) out.push_back(as<int64_t>(n));
  return out;
}

/// torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ...), where a storage is the
/// persistent id ("storage", class, key, device, size).
Pickled tensor_of(const List& arguments) {
  if (arguments.size() < 4) broken();
  const List& storage = as<List>(arguments[0]);
  if (storage.size() != 5 || as<std::string>(storage[0]) != "storage") broken();
  return made(PickledTensor{as<std::string>(storage[2]), as<std::string>(storage[1]),
                            as<int64_t>(arguments[1]), integers(arguments[2]),
                            integers(arguments[3])});
}

/// The machine that runs a pickle: a stack, its marks and a memo.
class Machine {
 public:
  explicit Machine(std::string_view text) : text_(text) {}

  std::map<std::string, Pickled> run() {
    while (true) {
      const char code = take(1)[0];
      if (code == '.') return attributes_;
      step(code);
    }
  }

 private:
  std::string_view take(uint64_t bytes) {
    if (bytes > text_.size() - at_) broken();
    at_ += bytes;
    return text_.substr(at_ - bytes, bytes);
  }
  template <typename T>
  T number() {
    return value_at<T>(take(sizeof(T)).data());
  }
  std::string_view line() {
    const size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) broken();
    const std::string_view out = take(end - at_);
    take(1);
    return out;
  }
  Pickled pop() {
    if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size())) broken();
    Pickled top = std::move(stack_.back());
    stack_.pop_back();
    return top;
  }
  List pop_to_mark() {
    if (marks_.empty()) broken();
    const auto from = stack_.begin() + static_cast<int64_t>(marks_.back());
    List out(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return out;
  }
  List pop_tuple(size_t size) {
    List out(size);
    for (size_t n = size; n-- > 0;) out[n] = pop();
    return out;
  }
  const Pickled& memo(size_t n) const {
    if (n >= memo_.size()) broken();
    return memo_[n];
  }
  /// The pickler numbers what it remembers without gaps.
  void remember(size_t n) {
    if (n != memo_.size() || stack_.empty()) broken();
    memo_.push_back(stack_.back());
  }

  void step(char code) {
    switch (code) {
      case '\x80': take(1); break;                                        // PROTO
      case '(': marks_.push_back(stack_.size()); break;                   // MARK
      case 'c': push_class(); break;                                      // GLOBAL
      case 'q': remember(number<uint8_t>()); break;                       // BINPUT
      case 'r': remember(number<uint32_t>()); break;                      // LONG_BINPUT
      case 'h': stack_.push_back(memo(number<uint8_t>())); break;         // BINGET
      case 'j': stack_.push_back(memo(number<uint32_t>())); break;        // LONG_BINGET
      case 'X': stack_.push_back(made(std::string(take(number<uint32_t>())))); break;  // BINUNICODE
      case 'K': stack_.push_back(made(int64_t{number<uint8_t>()})); break;   // BININT1
      case 'M': stack_.push_back(made(int64_t{number<uint16_t>()})); break;  // BININT2
      case 'J': stack_.push_back(made(int64_t{number<int32_t>()})); break;   // BININT
      case '\x8a': stack_.push_back(made(long_number())); break;             // LONG1
      case 'G': stack_.push_back(made(std::bit_cast<double>(__builtin_bswap64(number<uint64_t>()))));
        break;                                                               // BINFLOAT
      case '\x88': stack_.push_back(made(true)); break;                      // NEWTRUE
      case '\x89': stack_.push_back(made(false)); break;                     // NEWFALSE
      case 'N': stack_.push_back(nullptr); break;                            // NONE
      case ')': case ']': stack_.push_back(made(List())); break;  // EMPTY_TUPLE, EMPTY_LIST
      case '}': stack_.push_back(nullptr); break;                 // EMPTY_DICT
      case 't': push_list(pop_to_mark()); break;                  // TUPLE
      case '\x85': push_list(pop_tuple(1)); break;                // TUPLE1
      case '\x86': push_list(pop_tuple(2)); break;
      case '\x87': push_list(pop_tuple(3)); break;
      case 'e': append(); break;                                  // APPENDS
      case 'u': set_items(pop_to_mark()); break;                  // SETITEMS
      case 'Q': break;                                            // BINPERSID: the tuple stands for it
      case 'R': reduce(); break;                                  // REDUCE
      case '\x81': pop(), pop(), stack_.push_back(nullptr); break;  // NEWOBJ
      case 'b': pop(); break;                                       // BUILD
      default: broken();
    }
  }

  /// Its members are freed one within the other: a tower of them would overflow the stack.
  void push_list(List list) {
    constexpr int kDeepest = 100;
    int depth = 1;
    for (const Pickled& p : list) depth = std::max(depth, p ? p->depth + 1 : 0);
    if (depth > kDeepest) broken();
    auto whole = std::make_shared<PickledValue>(PickledValue{std::move(list)});
    whole->depth = depth;
    stack_.push_back(std::move(whole));
  }

  void push_class() {
    line();
    stack_.push_back(made(std::string(line())));
  }
  int64_t long_number() {
    const std::string_view bytes = take(number<uint8_t>());
    if (bytes.size() > 8) broken();
    uint64_t value = 0;
    for (size_t n = 0; n < bytes.size(); ++n)
      value |= uint64_t{static_cast<uint8_t>(bytes[n])} << (8 * n);
    const int unused = 64 - 8 * static_cast<int>(bytes.size());  // of a sign that is to be widened
    return bytes.empty() ? 0 : static_cast<int64_t>(value << unused) >> unused;
  }
  void append() {
    List more = pop_to_mark();
    const Pickled before = pop();
    List whole = as<List>(before);
    // Picklers add to a list once, or a thousand values at a time: this one would take time squared.
    copied_ += whole.size();
    if (copied_ > 64 * text_.size()) broken();
    whole.insert(whole.end(), more.begin(), more.end());
    // Nothing of a model's pickle asks for the list again.
    push_list(std::move(whole));
  }
  /// Of the dict below the mark. The last dict to be filled is that of the object's attributes: the
  /// others are values in it.
  void set_items(const List& pairs) {
    attributes_.clear();
    for (size_t n = 0; n + 1 < pairs.size(); n += 2) {
      const auto* name = pairs[n] ? std::get_if<std::string>(&pairs[n]->value) : nullptr;
      if (name != nullptr) attributes_.insert_or_assign(*name, pairs[n + 1]);
    }
  }
  /// The call of a class with a tuple of arguments.
  void reduce() {
    const Pickled arguments = pop();
    const Pickled name = pop();
    const auto& called = as<std::string>(name);
    if (called == "_rebuild_tensor_v2") {
      stack_.push_back(tensor_of(as<List>(arguments)));
    } else if (called == "restore_type_tag" && !as<List>(arguments).empty()) {
      stack_.push_back(as<List>(arguments)[0]);
    } else {
      stack_.push_back(nullptr);
    }
  }

  std::string_view text_;
  size_t at_ = 0, copied_ = 0;
  std::vector<Pickled> stack_, memo_;
  std::vector<size_t> marks_;
  std::map<std::string, Pickled> attributes_;
};

}  // namespace

std::map<std::string, Pickled> pickled_attributes(std::string_view pickle) {
  return Machine(pickle).run();
}

}  // namespace latent
