#!/usr/bin/env bash
# Cross-builds what needs no LibTorch for aarch64 and runs its tests under qemu-user.
#
#   scripts/test_aarch64.sh [GTEST_FILTER]     default: all that qemu can run
#
# It needs Debian's g++-aarch64-linux-gnu and qemu-user; without them it says so and exits with 77.
# arm64 packages of the libraries are fetched once and unpacked into build/aarch64/sysroot: nothing
# is installed. Where they cannot be fetched, it does without them as far as it can.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# What qemu-user cannot do: start the test again (death tests), keep to a limit of the address space.
# Real data would take long.
filter=${1:--*DeathTest*:AvailableMemory.*:*RealData*:*MovieLens*}
folder=build/aarch64
sysroot=$PWD/$folder/sysroot

for tool in aarch64-linux-gnu-g++ qemu-aarch64 cmake apt-get dpkg-deb; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: no $tool here (Debian: g++-aarch64-linux-gnu, qemu-user)"
    exit 77
  fi
done

# With lists and a cache of its own, as whoever runs this: the machine's packages stay as they are.
fetch_packages() {
  local apt=$PWD/$folder/apt
  local -a options=(-qq -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache"
    -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Debug::NoLocking=1)
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$sysroot"
  apt-get "${options[@]}" update
  (cd "$apt" && apt-get "${options[@]}" download "$@")
  local package
  for package in "$apt"/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  rm -rf "$apt"
}

if [[ ! -e $sysroot/complete ]]; then
  if ! fetch_packages zlib1g-dev zlib1g libisal-dev libisal2 libgtest-dev nlohmann-json3-dev; then
    echo "skipped: the arm64 packages cannot be fetched (apt-get's message is above)"
    exit 77
  fi
  touch "$sysroot/complete"
fi

generator=()
command -v ninja >/dev/null && generator=(-G Ninja)
cmake -S . -B "$folder/build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DLATENT_ONLY_CORE=ON \
  -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/aarch64.cmake" -DLATENT_SYSROOT="$sysroot" \
  -DLATENT_TEST_OPTIONS=-O0 -DLATENT_WITHOUT="${LATENT_WITHOUT:-absent}" \
  ${LATENT_UNITY:+-DCMAKE_UNITY_BUILD=ON}
cmake --build "$folder/build" --target latent_core_tests

# Libraries of the sysroot, then those of the compiler.
qemu-aarch64 -L /usr/aarch64-linux-gnu \
  -E LD_LIBRARY_PATH="$sysroot/usr/lib/aarch64-linux-gnu:$sysroot/lib/aarch64-linux-gnu" \
  "$folder/build/latent_core_tests" --gtest_filter="$filter" --gtest_brief=1
