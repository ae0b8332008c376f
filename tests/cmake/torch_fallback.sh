#!/usr/bin/env bash
# Checks that cmake/torch.cmake copes with a find_package(Torch) that fails, as the package of a
# CUDA build of PyTorch does where there's no CUDA toolkit: builds and runs a program all the same.
# usage: torch_fallback.sh CMAKE SOURCE_DIR TORCH_PREFIX
set -euo pipefail

if [[ $# -ne 3 ]]; then
  echo "usage: ${0##*/} CMAKE SOURCE_DIR TORCH_PREFIX" >&2
  exit 2
fi
cmake=$1 source_dir=$2 torch_prefix=$3

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# The real headers and libraries beside a package file that always fails. Only the prefix below may
# lead to it.
unset CMAKE_PREFIX_PATH Torch_DIR Torch_ROOT TORCH_INSTALL_PREFIX
fake=$scratch/prefix
mkdir -p "$fake/share/cmake/Torch"
ln -s "$torch_prefix/include" "$torch_prefix/lib" "$fake/"
if [[ -d $torch_prefix/share/cmake/Caffe2 ]]; then
  ln -s "$torch_prefix/share/cmake/Caffe2" "$fake/share/cmake/"
fi
echo 'message(FATAL_ERROR "no CUDA toolkit")' >"$fake/share/cmake/Torch/TorchConfig.cmake"

mkdir "$scratch/project"
cat >"$scratch/project/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.21)
project(torch_fallback LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
include("$source_dir/cmake/torch.cmake")
add_executable(sum sum.cpp)
target_link_libraries(sum PRIVATE latent_torch_dep)
EOF
# Not torch/torch.h: it would more than double the time that this test takes.
cat >"$scratch/project/sum.cpp" <<'EOF'
#include <ATen/ATen.h>

#include <cstdio>

int main() { std::printf("sum %g\n", at::ones({2, 3}).sum().item<double>()); }
EOF

configure() {
  "$cmake" -S "$scratch/project" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$fake" 2>&1
}

# Twice, since the second time the answer comes from the cache.
for time in first second; do
  output=$(configure) || fail "the $time configure: $output"
  grep -q "^-- LibTorch [0-9.]* by its files: $fake" <<<"$output" ||
    fail "the $time configure did not fall back to LibTorch's files: $output"
done
grep -q "no CUDA toolkit" "$scratch/build/torch_probe/log.txt" ||
  fail "the log of the probe lacks the package's own message"

"$cmake" --build "$scratch/build" || fail "the build"
output=$("$scratch/build/sum") || fail "the program: $output"
[[ $output == "sum 6" ]] || fail "the program printed '$output', not 'sum 6'"
echo "passed: $output"
