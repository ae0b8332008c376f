#!/usr/bin/env python3
"""Mutation testing of kernels, scores and metrics: makes one small mistake at a time in a copy of the source, builds the core tests
and runs those of these folders. A mutant that they pass is a survivor: a mistake that somebody could make unnoticed.

  scripts/mutants.py [--only TEXT] [--limit N] [--level baseline|avx2|avx512]

Works in build/mutants; a mutant takes half a minute. The table below is the list of mistakes. Exit code 1 where one survives."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/mutants"
COPY = BUILD / "source"

# file under src/, what stands there (its first place), what is put instead
MUTANTS = [
    # metrics of rankings
    ("metrics/tie_groups.cpp", "static_cast<double>(place) + 1)", "static_cast<double>(place) + 2)"),
    ("metrics/tie_groups.cpp", "if (group.before >= k) break;", "if (group.before > k) break;"),
    ("metrics/tie_groups.cpp", "std::min(group.size, k - group.before)", "group.size"),
    ("metrics/tie_groups.cpp", "(relevant - 1) / (size - 1)", "relevant / size"),
    ("metrics/tie_groups.cpp", "found + 1 + (here - 1) * others", "found + 1"),
    ("metrics/tie_groups.cpp", "if (found == 0) none *=", "none *="),
    ("metrics/tie_groups.cpp", "first *= (size - here - relevant + 1) / (size - here)", "first *= 1"),
    ("metrics/tie_groups.cpp", "hits / static_cast<double>(k)", "hits / static_cast<double>(reachable)"),
    ("metrics/tie_groups.cpp", "precisions / static_cast<double>(reachable)", "precisions / static_cast<double>(held_out)"),
    ("metrics/tie_groups.cpp", "discounts.ideal[std::min(reachable, last)]", "discounts.ideal[last]"),
    ("metrics/ranking_sums.cpp", "for (size_t n = 0; n < sums_.size(); ++n) sums_[n] += other.sums_[n];", ""),
    ("metrics/ranking_sums.cpp", "auc_ / static_cast<double>(auc_users_)", "auc_ / static_cast<double>(users_)"),
    ("metrics/ranking_sums.cpp", "  if (figures.auc < 0) return;\n", ""),
    ("metrics/user_auc.cpp", "(*at < score)", "(*at <= score)"),
    ("metrics/user_auc.cpp", "balance_ -= balance(scores[known_.front() - first]);", ""),
    ("metrics/user_auc.cpp", "items_ - known_items_", "items_"),
    ("metrics/user_auc.cpp", "if (own_.size() <= kFew)", "if (own_.size() >= kFew)"),
    ("metrics/rating.cpp", "std::trunc(double{prediction} + 0.5)", "std::trunc(double{prediction})"),
    ("metrics/rating.cpp", "std::abs(error)", "error"),
    ("metrics/exposure.cpp", "2 * static_cast<double>(n + 1) - items - 1", "2 * static_cast<double>(n) - items - 1"),
    ("metrics/exposure.cpp", "if (place >= cut_offs_[c]) continue;", "if (place > cut_offs_[c]) continue;"),
    ("metrics/exposure.cpp", "if (!allowed_[s.index]) continue;", ""),
    ("metrics/significance.cpp", "ties += size * (size * size - 1);", ""),
    ("metrics/significance.cpp", "(static_cast<double>(first + last) + 1) / 2", "static_cast<double>(first + 1)"),
    ("metrics/significance.cpp", "least = std::max(least, std::min(1.0, left * p[order[n]]));", "least = std::min(1.0, left * p[order[n]]);"),
    ("metrics/sampled_ranking.cpp", "above += score > own;", "above += score >= own;"),
    ("metrics/sampled_ranking.cpp", "{above, equal + 1, 1}", "{above, equal + 2, 1}"),
    ("metrics/prediction_spread.cpp", "spread.mean += rating[n]", "spread.mean = rating[n]"),
    ("metrics/count_groups.cpp", "tenth <= kTenths", "tenth < kTenths"),
    # kernels of training
    ("kernels/pair_kernels.cpp", "for (; n < k; ++n) sum += a[n] * b[n];", ""),
    ("kernels/pair_kernels.cpp", "for (; n + 8 <= k; n += 8)", "for (; n + 8 < k; n += 8)"),
    ("kernels/pair_kernels.cpp", "weight[b] * (qi[n] - qj[n])", "weight[b] * (qi[n] + qj[n])"),
    ("kernels/pair_kernels.cpp", "store8(derivative + m, -falling);", "store8(derivative + m, falling);"),
    ("kernels/pair_kernels.cpp", "scale * weight[b] : -scale * weight[b]", "scale * weight[b] : scale * weight[b]"),
    ("kernels/pair_kernels.cpp", "keys[begin] >> shift == keys[begin - 1] >> shift", "keys[begin] == keys[begin - 1]"),
    ("kernels/pair_kernels.cpp", "if (b == from || s.users[b] != s.users[b - 1])", "if (s.users[b] != s.users[b - 1])"),
    ("kernels/adam.cpp", "std::pow(s.beta2, static_cast<double>(s.t))))", "s.beta2))"),
    ("kernels/adam.cpp", "const Float8 g = gradient + c.decay * w;", "const Float8 g = gradient;"),
    ("kernels/adam.cpp", "c.take_v * (g * g)", "c.take_v * g"),
    ("kernels/adam.cpp", "if (stamp[rows[at]] == now) continue;", ""),
    ("kernels/adam.cpp", "store_some(g + k, Float8{}, n - k);", ""),
    ("kernels/adam.cpp", "high += h * h;", "high += h;"),
    ("kernels/cholesky.cpp", "s -= row[j] * x[j]", "s += row[j] * x[j]"),
    ("kernels/cholesky.cpp", "1 / std::sqrt(pivot)", "1 / pivot"),
    ("kernels/panels.cpp", "sum[n][v] += left * right[v]", "sum[n][v] = left * right[v]"),
    ("kernels/panels.cpp", "sum[1] += load8(a + k + 8) * load8(b + k + 8);", ""),
    ("kernels/negative_losses.cpp", "top = std::max(top, most[lane])", "top = most[lane]"),
    ("kernels/negative_losses.cpp", "x > 0.0f ? Float8{} + 1.0f", "x > 1.0f ? Float8{} + 1.0f"),
    ("kernels/shared_negatives.cpp", "total -= weights[at - first]", "total += weights[at - first]"),
    ("kernels/shared_negatives.cpp", "scores[n] += packed_.bias[n]", "scores[n] -= packed_.bias[n]"),
    ("kernels/score_kernel.cpp", "sum[r][part] += users[k * kRows + r] * q[part]", "sum[r][part] -= users[k * kRows + r] * q[part]"),
    # scores and lists
    ("score/ranker.cpp", "!std::binary_search(left_out_[n].begin(), left_out_[n].end(), item)", "true"),
    ("score/ranker.cpp", "(allowed_.empty() || allowed_[item] != 0)", "true"),
    ("score/ranker.cpp", "row[i] == scores[n] && admits", "row[i] >= scores[n] && admits"),
    ("score/ranker.cpp", "(allowed.empty() || allowed[i] != 0) && ", ""),
    ("score/id_table.cpp", "slot = (slot + 1) & mask) {", "slot = (slot + 2) & mask) {"),
    ("score/id_table.cpp", "taken == size() && taken", "taken"),
    ("score/nearest.cpp", "dot[lane] += a[k] * b[k];", ""),
    ("score/nearest.cpp", "std::max(std::sqrt(square), 1e-30f)", "std::max(square, 1e-30f)"),
    ("score/item_item.cpp", "at != row.end() && *at == i", "at != row.end()"),
    ("score/item_item.cpp", "out[i] += row[i]", "out[i] = row[i]"),
]
TESTS = ["kernels", "score", "metrics", "solve"]


def suites():
    """The gtest filter of all tests in those folders."""
    names = set()
    for folder in TESTS:
        for file in (ROOT / "tests" / folder).glob("*_test.cpp"):
            for line in file.read_text().splitlines():
                if line.startswith(("TEST(", "TEST_F(", "TEST_P(")):
                    names.add(line.split("(")[1].split(",")[0])
    return ":".join(f"{name}.*:*/{name}.*" for name in sorted(names))


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def build():
    return run(["cmake", "--build", str(BUILD / "build"), "--target", "latent_core_tests"])


def prepare():
    if COPY.exists():
        shutil.rmtree(COPY)
    COPY.mkdir(parents=True)
    for name in ("CMakeLists.txt", "cmake", "src", "models", "tests", "scripts", "configs", "python"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, COPY / name)
    options = ["-DLATENT_WITHOUT_TORCH=ON", "-DCMAKE_BUILD_TYPE=Mutants", "-DCMAKE_CXX_FLAGS=-O1"]
    done = run(["cmake", "-S", str(COPY), "-B", str(BUILD / "build"), *options])
    done = done if done.returncode else build()
    if done.returncode:
        sys.exit(f"mutants: the source as it stands does not build:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")


def passes(level, seconds):
    environment = {**os.environ, "LATENT_CPU": level} if level else os.environ
    try:
        return run([str(BUILD / "build/latent_core_tests"), f"--gtest_filter={suites()}", "--gtest_fail_fast"], env=environment, timeout=seconds).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="those whose file holds this text")
    parser.add_argument("--limit", type=int, default=len(MUTANTS))
    parser.add_argument("--level", default="", help="LATENT_CPU for the tests")
    options = parser.parse_args()
    prepare()
    began = time.time()
    if not passes(options.level, 600):
        sys.exit("mutants: the tests fail without any mutant")
    patience = 60 + 10 * (time.time() - began)
    killed, unbuilt, survivors = 0, [], []
    for name, old, new in [m for m in MUTANTS if options.only in m[0]][:options.limit]:
        file = COPY / "src" / name
        text = file.read_text()
        if old not in text:
            unbuilt.append(f"{name}: not found: {old}")
            continue
        file.write_text(text.replace(old, new, 1))
        if build().returncode:
            unbuilt.append(f"{name}: does not compile: {old} -> {new}")
        elif passes(options.level, patience):
            survivors.append(f"{name}: {old} -> {new or '(nothing)'}")
        else:
            killed += 1
        file.write_text(text)
        print(f"{killed} killed, {len(survivors)} survived, {len(unbuilt)} not built", file=sys.stderr, flush=True)
    print(f"mutants: {killed} killed, {len(survivors)} survived, {len(unbuilt)} not built")
    for line in survivors:
        print(f"  survived: {line}")
    for line in unbuilt:
        print(f"  not built: {line}")
    sys.exit(1 if survivors or unbuilt else 0)


if __name__ == "__main__":
    main()
