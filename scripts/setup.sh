#!/usr/bin/env bash
# Finds or installs what the build needs. The other scripts source it; run by itself it sets up once
# and says what it found. It changes nothing that is there already.
#
# LibTorch comes from the first of these that has one:
#   1. Torch_DIR or CMAKE_PREFIX_PATH, if set
#   2. the PyTorch of LATENT_PYTHON, if set
#   3. the PyTorch of python3
#   4. .venv in this repository, made here; pip's own settings (PIP_INDEX_URL, ...) apply to it
#
# A script that sources it gets:
#   LATENT_PYTHON      a Python that has torch; unset if only a LibTorch without Python was found
#   CMAKE_PREFIX_PATH  leads CMake to LibTorch
#   latent_build PRESET [TARGET...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

latent_torch_pin=2.13.0
latent_cmake_minimum=3.22
# One place says what the code needs: the CMake module.
latent_torch_minimum=$(sed -n 's/^set(LATENT_TORCH_MINIMUM \(.*\))$/\1/p' cmake/torch.cmake)

die() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

# at_least VERSION MINIMUM: compares the numbers between dots.
at_least() {
  [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

# --- the compiler, the build tools and the libraries ---------------------------------------------

# Prints the Debian names of what is missing. Headers are looked for with the compiler itself, so
# that an installation from elsewhere counts too.
missing_packages() {
  if command -v "${CXX:-c++}" >/dev/null; then
    "${CXX:-c++}" -E -P -x c++ - <<'EOF' || echo g++
#if !__has_include(<nlohmann/json.hpp>)
nlohmann-json3-dev
#endif
#if !__has_include(<cxxopts.hpp>)
libcxxopts-dev
#endif
#if !__has_include(<gtest/gtest.h>)
libgtest-dev
#endif
#if !__has_include(<zlib.h>)
zlib1g-dev
#endif
#if !__has_include(<isa-l/igzip_lib.h>)
libisal-dev
#endif
#if !__has_include(<sqlite3.h>)
libsqlite3-dev
#endif
#if !__has_include(<httplib.h>)
libcpp-httplib-dev
#endif
EOF
  else
    printf '%s\n' g++ nlohmann-json3-dev libcxxopts-dev libgtest-dev zlib1g-dev \
      libisal-dev libsqlite3-dev libcpp-httplib-dev
  fi
  local version=0
  if command -v cmake >/dev/null; then
    version=$(cmake --version | sed -n '1s/.*version //p')
  fi
  at_least "$version" "$latent_cmake_minimum" || echo cmake
  command -v ninja >/dev/null || command -v make >/dev/null || echo ninja-build
}

# install PACKAGE...: as root, or by sudo if that asks for no password.
install_packages() {
  local -a as_root=()
  if ! command -v apt-get >/dev/null; then
    die "missing, by their names in Debian: $*" "install them and try again"
  fi
  if [[ $(id -u) -ne 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
      die "some packages are missing; install them and try again:" \
        "  sudo apt-get update && sudo apt-get install $*"
    fi
    as_root=(sudo -n)
  fi
  echo "setup: installing $*" >&2
  # env, since sudo starts from a clean environment.
  if ! { "${as_root[@]}" apt-get -qq update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends "$@"; } >&2; then
    die "could not install them: is there a network? By hand:" "  apt-get install $*"
  fi
}

setup_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages)
  [[ ${#missing[@]} -eq 0 ]] && return
  install_packages "${missing[@]}"
  hash -r
  mapfile -t missing < <(missing_packages)
  [[ ${#missing[@]} -eq 0 ]] ||
    die "still missing or too old after the installation: ${missing[*]}" \
      "CMake must be $latent_cmake_minimum or newer: 'pip install cmake' has a recent one"
}

# What the build does without where it cannot be had: Gloo's headers, without which a program trains in
# one process only.
setup_optional_packages() {
  local -a as_root=()
  echo '#include <gloo/context.h>' | "${CXX:-c++}" -E -x c++ - >/dev/null 2>&1 && return
  [[ $(id -u) -eq 0 ]] || as_root=(sudo -n)
  if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
    echo "setup: installing libgloo-dev" >&2
    local -a install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
      apt-get -qq install -y --no-install-recommends libgloo-dev)
    "${install[@]}" >/dev/null 2>&1 && return
    { timeout 120 "${as_root[@]}" apt-get -qq update && "${install[@]}"; } >/dev/null 2>&1 && return
  fi
  echo "setup: no libgloo-dev, so the program will train in one process (docs/scale.md)" >&2
}

# --- LibTorch and Python -------------------------------------------------------------------------

# torch_of PYTHON: prints "VERSION FOLDER" of the torch that PYTHON would import, without the
# seconds that importing it takes; fails if there's none that CMake could use.
torch_of() {
  "$1" - 2>/dev/null <<'EOF'
import importlib.metadata, importlib.util, pathlib, sys

spec = importlib.util.find_spec("torch")
if spec is None or spec.origin is None:
    sys.exit(1)
folder = pathlib.Path(spec.origin).parent
if not (folder / "share/cmake/Torch/TorchConfig.cmake").exists():
    sys.exit(1)
print(importlib.metadata.version("torch"), folder)
EOF
}

# use_torch_of PYTHON: takes LibTorch and the interpreter from there, if it is new enough.
use_torch_of() {
  local found version
  found=$(torch_of "$1") || return 1
  version=${found%% *}
  if ! at_least "${version%%+*}" "$latent_torch_minimum"; then
    echo "setup: $1 has PyTorch $version; latent needs $latent_torch_minimum or newer" >&2
    return 1
  fi
  latent_torch_prefix=${found#* }
  LATENT_PYTHON=$(command -v "$1")
}

# Sets latent_torch_prefix to the LibTorch that Torch_DIR or CMAKE_PREFIX_PATH leads to, if any.
find_given_torch() {
  local -a folders
  IFS=: read -r -a folders <<<"${Torch_DIR:-}:${CMAKE_PREFIX_PATH:-}"
  local folder suffix
  for folder in "${folders[@]}"; do
    [[ -n $folder ]] || continue
    for suffix in "" /Torch /share/cmake/Torch; do
      if [[ -f $folder$suffix/TorchConfig.cmake ]]; then
        latent_torch_prefix=$(cd "$folder$suffix/../../.." && pwd)
        return 0
      fi
    done
  done
  return 1
}

# Sets LATENT_PYTHON for a LibTorch that was given: the interpreter that it belongs to (it is then
# ENV/lib/pythonX.Y/site-packages/torch), or else any that has torch.
find_python_for_given_torch() {
  local python
  for python in "${LATENT_PYTHON:-}" "${latent_torch_prefix%/lib/python*}/bin/python3" python3 \
    .venv/bin/python; do
    if [[ -n $python ]] && torch_of "$python" >/dev/null; then
      LATENT_PYTHON=$(command -v "$python")
      return
    fi
  done
  unset LATENT_PYTHON
}

make_venv() {
  # Debian's python3 lacks ensurepip until python3-venv is there.
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    install_packages python3-venv
  fi
  echo "setup: installing PyTorch $latent_torch_pin into .venv (once)" >&2
  # numpy for the tests in Python.
  if ! { python3 -m venv .venv &&
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
      "torch==$latent_torch_pin" numpy; } >&2; then
    die "could not install torch==$latent_torch_pin into .venv; its message is above." \
      "No network: unpack a LibTorch and set CMAKE_PREFIX_PATH to its folder." \
      "A Python that PyTorch does not support: set LATENT_PYTHON to one that has torch."
  fi
}

setup_torch() {
  if find_given_torch; then
    find_python_for_given_torch
  elif [[ -n ${LATENT_PYTHON:-} ]]; then
    use_torch_of "$LATENT_PYTHON" ||
      die "LATENT_PYTHON=$LATENT_PYTHON has no usable PyTorch" "unset it, or install torch there"
  elif ! use_torch_of python3 && ! use_torch_of .venv/bin/python; then
    make_venv
    use_torch_of .venv/bin/python || die ".venv has no usable PyTorch: remove .venv and try again"
  fi
  if [[ :${CMAKE_PREFIX_PATH:-}: != *":$latent_torch_prefix:"* ]]; then
    CMAKE_PREFIX_PATH=$latent_torch_prefix${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}
  fi
  export CMAKE_PREFIX_PATH
  if [[ -n ${LATENT_PYTHON:-} ]]; then
    # Tests run elsewhere. Links stay: a virtual environment is the link to its interpreter.
    [[ $LATENT_PYTHON == /* ]] || LATENT_PYTHON=$PWD/$LATENT_PYTHON
    export LATENT_PYTHON
  fi
}

# --- building ------------------------------------------------------------------------------------

setup_build_tools() {
  # Defaults only: whoever set these meant it.
  if command -v ninja >/dev/null; then
    export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"
  fi
  if command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"
    # Without these ccache passes every file with a precompiled header on to the compiler.
    export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros}"
  fi
  export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
}

# cached BUILD_FOLDER NAME: the value of a CMake cache variable, or nothing.
cached() {
  sed -n "s|^$2:[A-Z]*=||p" "$1/CMakeCache.txt" 2>/dev/null || true
}

# latent_build PRESET [TARGET...]: configures if that wasn't done, or with another LibTorch or in
# another place; after that the build itself notices a changed CMakeLists.txt.
latent_build() {
  local preset=$1 folder=build/$1 torch_dir=$latent_torch_prefix/share/cmake/Torch
  shift
  if [[ -f $folder/CMakeCache.txt && $(cached "$folder" CMAKE_HOME_DIRECTORY) != "$PWD" ]]; then
    rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
  fi
  if [[ ! -f $folder/build.ninja && ! -f $folder/Makefile ||
    $(cached "$folder" Torch_DIR) != "$torch_dir" ]]; then
    # LATENT_UNITY: several files in each run of the compiler, for a build from nothing that nobody
    # goes on from; after an edit it takes longer.
    cmake --preset "$preset" -DTorch_DIR="$torch_dir" \
      ${LATENT_UNITY:+-DCMAKE_UNITY_BUILD=ON}
  fi
  local -a targets=()
  [[ $# -eq 0 ]] || targets=(--target "$@")
  cmake --build "$folder" "${targets[@]}"
}

setup_packages
setup_optional_packages
setup_torch
setup_build_tools
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  echo "LibTorch: $latent_torch_prefix"
  echo "Python:   ${LATENT_PYTHON:-none that has torch: what needs one is skipped}"
  if [[ -n ${LATENT_PYTHON:-} ]] && ! "$LATENT_PYTHON" -c 'import numpy' 2>/dev/null; then
    echo "          (it has no numpy, which some tests need)"
  fi
  echo "Next:     scripts/quickstart.sh, scripts/test.sh, or by hand"
  echo "            cmake --preset release -DCMAKE_PREFIX_PATH='$latent_torch_prefix'"
  echo "            cmake --build --preset release"
fi
