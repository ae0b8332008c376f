#include "src/run/sweep_store.h"

#include <sqlite3.h>

#include <algorithm>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/config/write.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

constexpr int kFormat = 2;  // "user_version" of the file; results of the first had no sums
constexpr int kPatience = 60'000;  // milliseconds for which others may read while a row waits

constexpr const char* kTables = R"(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE trials (trial INTEGER PRIMARY KEY, tuned TEXT NOT NULL, config TEXT NOT NULL);
CREATE TABLE results (
  trial INTEGER NOT NULL REFERENCES trials, seed INTEGER NOT NULL, rung INTEGER NOT NULL,
  value REAL, error TEXT, steps INTEGER NOT NULL, kept_steps INTEGER NOT NULL,
  steps_per_pass INTEGER NOT NULL, seconds REAL NOT NULL, threads INTEGER NOT NULL,
  began TEXT NOT NULL, ended TEXT NOT NULL, sum INTEGER NOT NULL,
  PRIMARY KEY (trial, seed, rung));
CREATE TABLE winner (
  seed INTEGER PRIMARY KEY, trial INTEGER NOT NULL REFERENCES trials, run TEXT NOT NULL,
  metrics TEXT NOT NULL);
)";

/// CRC-32 of a result: SQLite notices where a page makes no sense, not where a value is another.
int64_t sum_of(const FitKey& key, const TrialFit& fit) {
  std::string text;
  for (const int64_t n : {key.trial, key.seed, key.rung, fit.steps, fit.kept_steps,
                          fit.steps_per_pass, fit.threads})
    append_bytes(text, n);
  append_bytes(text, fit.value.value_or(0), fit.value.has_value(), fit.seconds);
  for (const std::string* word : {&fit.error, &fit.began, &fit.ended}) text += *word + '\n';
  return crc32_of(text.data(), text.size());
}

}  // namespace

/// A prepared statement, finalised at its end.
class SweepStore::Statement {
 public:
  Statement(const SweepStore& store, const char* sql) : store_(store) {
    if (sqlite3_prepare_v2(store.db_, sql, -1, &statement_, nullptr) != SQLITE_OK) store.fail();
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int64_t value) { return checked(sqlite3_bind_int64(statement_, ++at_, value)); }
  Statement& bind(double value) { return checked(sqlite3_bind_double(statement_, ++at_, value)); }
  Statement& bind(const std::string& text) {
    return checked(sqlite3_bind_text(statement_, ++at_, text.data(), static_cast<int>(text.size()),
                                     SQLITE_TRANSIENT));
  }
  Statement& bind_null() { return checked(sqlite3_bind_null(statement_, ++at_)); }

  /// Whether there is a (further) row.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) store_.fail();
    return code == SQLITE_ROW;
  }
  bool is_null(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t whole(int column) { return sqlite3_column_int64(statement_, column); }
  double real(int column) { return sqlite3_column_double(statement_, column); }
  std::string text(int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? "" : std::string(bytes, size);
  }

 private:
  Statement& checked(int code) {
    if (code != SQLITE_OK) store_.fail();
    return *this;
  }

  const SweepStore& store_;
  sqlite3_stmt* statement_ = nullptr;
  int at_ = 0;
};

SweepStore::SweepStore(const std::string& path, const SweepPlan& plan)
    : path_(path), format_(kFormat) {
  try {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    if (sqlite3_open_v2(path.c_str(), &db_, flags, nullptr) != SQLITE_OK) fail();
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, kPatience);
    execute("PRAGMA synchronous = FULL");
    Statement version(*this, "PRAGMA user_version");
    version.step();
    if (version.whole(0) == 0) {
      make(plan);
    } else {
      if (version.whole(0) > kFormat || version.whole(0) < 1)
        throw Error(path_ + ": is of format " + std::to_string(version.whole(0)) +
                    ", which a newer latent wrote; this one reads format " +
                    std::to_string(kFormat) + "; start a new sweep in another --run-dir");
      format_ = version.whole(0);
      check(plan);
    }
  } catch (...) {
    sqlite3_close_v2(db_);
    throw;
  }
}

SweepStore::~SweepStore() { sqlite3_close_v2(db_); }

void SweepStore::fail() const {
  const int code = sqlite3_errcode(db_) & 0xFF;
  const std::string what = sqlite3_errmsg(db_);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR)
    throw Error(path_ + ": damaged (" + what + "); start a new sweep in another --run-dir");
  throw SystemError(path_ + ": cannot read or write: " + what);
}

void SweepStore::execute(const char* sql) const {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

void SweepStore::make(const SweepPlan& plan) {
  execute("BEGIN IMMEDIATE");
  execute(kTables);
  const auto meta = [&](const std::string& key, const std::string& value) {
    Statement(*this, "INSERT INTO meta VALUES (?, ?)").bind(key).bind(value).step();
  };
  meta("metric", plan.spec.metric);
  meta("search", plan.spec.search);
  for (size_t n = 0; n < plan.trials.size(); ++n) {
    const SweepTrial& trial = plan.trials[n];
    Statement(*this, "INSERT INTO trials VALUES (?, ?, ?)")
        .bind(static_cast<int64_t>(n))
        .bind(trial.tuned.dump())
        .bind(config_to_json(trial.config).dump())
        .step();
  }
  execute(("PRAGMA user_version = " + std::to_string(kFormat)).c_str());
  execute("COMMIT");
}

void SweepStore::add_sums() {
  execute("BEGIN IMMEDIATE");
  execute("ALTER TABLE results ADD COLUMN sum INTEGER NOT NULL DEFAULT 0");
  for (const auto& [key, fit] : fits_as_they_are()) {
    Statement(*this, "UPDATE results SET sum = ? WHERE trial = ? AND seed = ? AND rung = ?")
        .bind(sum_of(key, fit.first))
        .bind(key.trial)
        .bind(key.seed)
        .bind(key.rung)
        .step();
  }
  execute(("PRAGMA user_version = " + std::to_string(kFormat)).c_str());
  execute("COMMIT");
  format_ = kFormat;
}

void SweepStore::check(const SweepPlan& plan) const {
  Statement whole(*this, "PRAGMA quick_check(1)");
  if (!whole.step() || whole.text(0) != "ok") {
    std::string what = whole.text(0);
    std::ranges::replace(what, '\n', ' ');
    throw Error(path_ + ": damaged (" + what + "); start a new sweep in another --run-dir");
  }
  Statement rows(*this, "SELECT tuned FROM trials ORDER BY trial");
  size_t n = 0;
  for (; rows.step(); ++n) {
    if (n < plan.trials.size() && rows.text(0) != plan.trials[n].tuned.dump())
      throw Error(path_ + ": its trial " + std::to_string(n) +
                  " is another one than that of sweep.json; start a new sweep");
  }
  if (n != plan.trials.size())
    throw Error(path_ + ": has " + std::to_string(n) + " trials in place of " +
                std::to_string(plan.trials.size()) + "; start a new sweep");
}

TrialFits SweepStore::fits() const {
  TrialFits out;
  for (auto& [key, fit] : fits_as_they_are()) {
    if (format_ > 1 && fit.second != sum_of(key, fit.first))
      throw Error(path_ + ": damaged (a result of trial " + std::to_string(key.trial) +
                  " has another checksum); start a new sweep in another --run-dir");
    out[key] = std::move(fit.first);
  }
  return out;
}

std::map<FitKey, std::pair<TrialFit, int64_t>> SweepStore::fits_as_they_are() const {
  std::map<FitKey, std::pair<TrialFit, int64_t>> out;
  const std::string columns =
      "trial, seed, rung, value, error, steps, kept_steps, steps_per_pass, seconds, threads, "
      "began, ended";
  Statement rows(*this,
                 ("SELECT " + columns + (format_ > 1 ? ", sum" : ", 0") + " FROM results").c_str());
  while (rows.step()) {
    TrialFit fit;
    if (!rows.is_null(3)) fit.value = rows.real(3);
    fit.error = rows.text(4);
    fit.steps = rows.whole(5);
    fit.kept_steps = rows.whole(6);
    fit.steps_per_pass = rows.whole(7);
    fit.seconds = rows.real(8);
    fit.threads = rows.whole(9);
    fit.began = rows.text(10);
    fit.ended = rows.text(11);
    out[{rows.whole(0), rows.whole(1), rows.whole(2)}] = {fit, rows.whole(12)};
  }
  return out;
}

void SweepStore::add(const FitKey& key, const TrialFit& fit) {
  if (format_ == 1) add_sums();
  Statement row(*this, "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  row.bind(key.trial).bind(key.seed).bind(key.rung);
  fit.value ? row.bind(*fit.value) : row.bind_null();
  fit.error.empty() ? row.bind_null() : row.bind(fit.error);
  row.bind(fit.steps).bind(fit.kept_steps).bind(fit.steps_per_pass).bind(fit.seconds);
  row.bind(fit.threads).bind(fit.began).bind(fit.ended).bind(sum_of(key, fit)).step();
}

void SweepStore::add_winner(int64_t trial, int64_t seed, const std::string& run,
                            const std::string& metrics) {
  Statement(*this, "INSERT OR REPLACE INTO winner VALUES (?, ?, ?, ?)")
      .bind(seed)
      .bind(trial)
      .bind(run)
      .bind(metrics)
      .step();
}

}  // namespace latent
