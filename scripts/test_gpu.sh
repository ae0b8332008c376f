#!/usr/bin/env bash
# Builds for a machine with a GPU and checks there that all comes out as on the CPU; then times it.
#
#   scripts/test_gpu.sh --pack            on a machine that has them: headers into build/packed/
#   scripts/test_gpu.sh [--only-checks] [GPU_CHECKS_ARGUMENT...]      on the machine with the GPU
#
# The second needs no network: a C++20 compiler, CMake, a Python with PyTorch 2.11 to 2.13 and numpy
# (LATENT_PYTHON, default python3), and the headers of nlohmann/json and cxxopts, from the system or
# from build/packed. Of zlib, ISA-L, SQLite and cpp-httplib it takes what there is. Exit code 77:
# there is no GPU. LATENT_GPU_DEVICE (default cuda): cuda:N, or cpu for a dry run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packed=$PWD/build/packed

die() {
  printf 'test_gpu: %s\n' "$@" >&2
  exit 1
}

# where HEADER: the folder of the compiler's list that has it.
where() {
  "${CXX:-c++}" -E -x c++ - <<<"#include <$1>" 2>/dev/null |
    sed -n "s|^# 1 \"\\(.*\\)/$1\".*|\\1|p" | head -n 1
}

# CMake packages of the two, which do no more than name the folder.
write_package() {
  mkdir -p "$packed/cmake"
  cat >"$packed/cmake/$1Config.cmake" <<END
if(NOT TARGET $2)
  add_library($2 INTERFACE IMPORTED)
  set_target_properties($2 PROPERTIES INTERFACE_INCLUDE_DIRECTORIES
    "\${CMAKE_CURRENT_LIST_DIR}/../include")
endif()
END
}

if [[ ${1:-} == --pack ]]; then
  json=$(where nlohmann/json.hpp) options=$(where cxxopts.hpp)
  [[ -n $json && -n $options ]] || die "nlohmann/json.hpp or cxxopts.hpp is not here to be packed" \
    "Debian: nlohmann-json3-dev libcxxopts-dev"
  rm -rf "$packed"
  mkdir -p "$packed/include"
  cp -r "$json/nlohmann" "$options/cxxopts.hpp" "$packed/include/"
  write_package nlohmann_json nlohmann_json::nlohmann_json
  write_package cxxopts cxxopts::cxxopts
  echo "packed into build/packed; copy the folder along with the repository"
  exit 0
fi

only_checks=
if [[ ${1:-} == --only-checks ]]; then
  only_checks=1
  shift
fi
python=${LATENT_PYTHON:-python3}
device=${LATENT_GPU_DEVICE:-cuda}
command -v cmake >/dev/null || die "there is no cmake here; 'pip install cmake' has one"
torch=$("$python" -c 'import torch; print(torch.utils.cmake_prefix_path)') ||
  die "$python has no torch: set LATENT_PYTHON to a Python with PyTorch 2.11 to 2.13"
sees_gpu='import sys, torch; sys.exit(not torch.cuda.is_available())'
if [[ $device != cpu ]] && ! "$python" -c "$sees_gpu"; then
  echo "skipped: PyTorch sees no GPU here (LATENT_GPU_DEVICE=cpu is a dry run)"
  exit 77
fi

prefix=$torch
if [[ -d $packed ]]; then prefix="$prefix;$packed/cmake"; fi
generator=()
if command -v ninja >/dev/null; then generator=(-G Ninja); fi
cmake -S . -B build/gpu "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" \
  -DTorch_DIR="$torch/Torch" -DLATENT_BUILD_TESTS=OFF -DLATENT_WITHOUT="${LATENT_WITHOUT:-absent}" \
  -DCMAKE_UNITY_BUILD=ON
cmake --build build/gpu --target latent --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"

"$python" scripts/gpu_checks.py --latent build/gpu/latent --device "$device" "$@"
if [[ -z $only_checks ]]; then
  quick=()
  if [[ $device == cpu ]]; then quick=(--quick); fi
  "$python" scripts/bench_gpu.py --latent build/gpu/latent --device "$device" "${quick[@]}" \
    --json build/gpu/bench_gpu.json
fi
