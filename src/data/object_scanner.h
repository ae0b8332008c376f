// One object a line, JSON or Python's dict notation: picks a few fields, validates and skips the
// rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/data/string_escapes.h"

namespace latent {

/// Reads lines such as {"user_id": "a", "rating": 4} or {'user_id': u'a', 'rating': None}. Nothing
/// is evaluated: in Python's notation only literals (strings, numbers, True, False, None, lists,
/// tuples, dicts) are known. A field is named by its key, literally, or by a path of keys joined by
/// dots ("style.Size:").
class ObjectScanner {
 public:
  enum class Kind { kAbsent, kString, kNumber, kNull, kBool, kNested };
  struct Field {
    Kind kind = Kind::kAbsent;
    std::string_view text;  ///< unescaped; valid until the next scan
  };

  ObjectScanner(ObjectDialect dialect, std::vector<std::string> fields);

  /// Throws RowError when the line is not one whole object, or holds one of the fields twice.
  void scan(std::string_view line);
  const Field& field(size_t n) const { return found_[n]; }

  /// Dotted names of all scalar fields of one line, for `auto` and `data info`. Throws RowError.
  static std::vector<std::string> names(ObjectDialect dialect, std::string_view line);
  /// Those of several lines, each once, in the order in which they appear; lines that cannot be
  /// read are passed over. `broken`: what is wrong with the first of them.
  static std::vector<std::string> names(ObjectDialect dialect,
                                        const std::vector<std::string>& lines, std::string& broken);

 private:
  struct Value {
    Kind kind;
    std::string_view text;
  };

  [[noreturn]] void fail(const std::string& what) const;
  void skip_blanks();
  bool eat(char c);
  void value(int depth, bool wanted, Value& out);
  void object(int depth);
  void list(char close, int depth);
  void string(bool wanted, Value& out);
  /// Goes past the closing quote; true when a backslash came before it.
  bool skip_string(char quote);
  size_t target_of(size_t outer, std::string_view key) const;
  void number(Value& out);
  void word(Value& out);
  void keep(size_t n, const Value& v, int depth);

  ObjectDialect dialect_;
  std::vector<std::string> fields_;
  std::vector<Field> found_;
  std::vector<int> found_depth_;
  std::vector<std::string> scratch_;  // unescaped text of each field
  std::string key_scratch_, path_;
  std::vector<std::string>* listing_ = nullptr;
  const char* begin_ = nullptr;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
};

}  // namespace latent
