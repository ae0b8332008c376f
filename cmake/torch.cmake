# Finds LibTorch and defines `latent_torch_dep`, the one target that code including torch links.
#
#   LATENT_TORCH_VERSION   such as 2.13.0, read from the headers
#   LATENT_TORCH_PREFIX    the folder that holds include/, lib/ and share/
#
# Two ways lead there. find_package(Torch) is the official one, but the package of a CUDA build of
# PyTorch (what a plain `pip install torch` gives) stops with FATAL_ERROR where no CUDA toolkit is
# installed, although nothing here compiles CUDA code. So it's tried in a project of its own first;
# where it fails, `latent_torch_dep` is made from the same headers and libraries directly.
# Neither way links OpenMP: libtorch loads the libgomp it was built with, and a second one must not
# join it. scripts/setup.sh reads the next line too.
include_guard(GLOBAL)
set(LATENT_TORCH_MINIMUM 2.11)

# The folder of TorchConfig.cmake, in the order in which find_package would look for it.
function(latent_locate_torch)
  set(prefixes ${CMAKE_PREFIX_PATH})
  if(DEFINED ENV{CMAKE_PREFIX_PATH})
    string(REPLACE ":" ";" from_environment "$ENV{CMAKE_PREFIX_PATH}")
    list(APPEND prefixes ${from_environment})
  endif()
  find_path(config_dir NAMES TorchConfig.cmake
    PATHS ${Torch_DIR} ${Torch_ROOT} $ENV{Torch_ROOT} $ENV{Torch_DIR} ${prefixes}
          ${CMAKE_SYSTEM_PREFIX_PATH}
    PATH_SUFFIXES share/cmake/Torch Torch
    NO_DEFAULT_PATH NO_CACHE)
  if(NOT config_dir)
    message(FATAL_ERROR
      "LibTorch was not found. Run scripts/setup.sh, which finds or installs it, or set "
      "CMAKE_PREFIX_PATH to an unpacked LibTorch or to what this prints:\n"
      "  python3 -c 'import torch; print(torch.utils.cmake_prefix_path)'")
  endif()
  set(Torch_DIR "${config_dir}" CACHE PATH "The folder of TorchConfig.cmake" FORCE)
endfunction()

# Sets `out` to the version that the headers under `prefix` state.
function(latent_read_torch_version prefix out)
  set(version "")
  # The second is where the numbers were before the first existed.
  foreach(header IN ITEMS torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(version STREQUAL "" AND EXISTS "${prefix}/include/${header}")
      file(STRINGS "${prefix}/include/${header}" lines
        REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
      string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
      list(JOIN numbers "." version)
    endif()
  endforeach()
  if(version STREQUAL "")
    message(FATAL_ERROR "${prefix} has a TorchConfig.cmake but no headers that state a version. "
      "Run scripts/setup.sh, or set Torch_DIR to a complete LibTorch.")
  endif()
  set(${out} "${version}" PARENT_SCOPE)
endfunction()

# Sets `out` to whether a project that links find_package(Torch) configures and generates here. The
# answer is kept in the cache until LibTorch or the compiler changes.
function(latent_probe_torch_package log out)
  set(key "${Torch_DIR}|${LATENT_TORCH_VERSION}|${CMAKE_CXX_COMPILER}|${CMAKE_VERSION}")
  if(NOT "${LATENT_TORCH_PROBE_KEY}" STREQUAL "${key}")
    get_filename_component(folder "${log}" DIRECTORY)
    file(REMOVE_RECURSE "${folder}")
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    list(JOIN languages " " languages)
    file(WRITE "${folder}/main.cpp" "int main() {}\n")
    file(WRITE "${folder}/CMakeLists.txt"
      "cmake_minimum_required(VERSION 3.21)\n"
      "project(torch_probe LANGUAGES ${languages})\n"
      "find_package(Torch REQUIRED)\n"
      "add_executable(torch_probe main.cpp)\n"
      "target_link_libraries(torch_probe PRIVATE \${TORCH_LIBRARIES})\n")
    set(arguments "")
    foreach(name IN ITEMS Torch_DIR CMAKE_PREFIX_PATH CMAKE_MAKE_PROGRAM CMAKE_CXX_COMPILER
                          CMAKE_CUDA_COMPILER CUDAToolkit_ROOT CUDA_TOOLKIT_ROOT_DIR)
      if(NOT "${${name}}" STREQUAL "")
        string(REPLACE ";" "\\;" value "${${name}}")
        list(APPEND arguments "-D${name}=${value}")
      endif()
    endforeach()
    execute_process(
      COMMAND "${CMAKE_COMMAND}" -S "${folder}" -B "${folder}/build" -G "${CMAKE_GENERATOR}"
              ${arguments}
      RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    file(WRITE "${log}" "${output}")
    set(works OFF)
    if(status EQUAL 0)
      set(works ON)
    endif()
    set(LATENT_TORCH_PROBE_KEY "${key}" CACHE INTERNAL "What the next answer belongs to")
    set(LATENT_TORCH_PROBE_WORKS ${works} CACHE INTERNAL "Whether find_package(Torch) works here")
  endif()
  set(${out} ${LATENT_TORCH_PROBE_WORKS} PARENT_SCOPE)
endfunction()

# Completes `latent_torch_dep` after a successful find_package(Torch).
function(latent_use_torch_package)
  target_link_libraries(latent_torch_dep INTERFACE ${TORCH_LIBRARIES})
  # Only what the headers need to match the libraries: how to optimise and for which processor is
  # this project's own choice.
  separate_arguments(flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  list(FILTER flags INCLUDE REGEX "^-[DU]")
  set_property(TARGET torch PROPERTY INTERFACE_COMPILE_OPTIONS "")
  if(flags)
    target_compile_options(latent_torch_dep INTERFACE ${flags})
  endif()
  # Without MKL its target names folders such as /lib/intel64, which would end up in every RPATH.
  if(TARGET caffe2::mkl AND NOT MKL_ROOT)
    set_property(TARGET caffe2::mkl PROPERTY INTERFACE_LINK_DIRECTORIES "")
  endif()
endfunction()

# Completes `latent_torch_dep` from the headers and libraries under LATENT_TORCH_PREFIX.
function(latent_use_torch_files)
  set(include "${LATENT_TORCH_PREFIX}/include")
  target_include_directories(latent_torch_dep SYSTEM INTERFACE
    "${include}" "${include}/torch/csrc/api/include")

  # Some classes in the headers have members that depend on what libtorch was built with
  # (USE_DISTRIBUTED), so the package's own list is read, if only as text.
  set(targets_file "${LATENT_TORCH_PREFIX}/share/cmake/Caffe2/Caffe2Targets.cmake")
  if(EXISTS "${targets_file}")
    file(READ "${targets_file}" text)
    set(start "set_target_properties\\(torch_cpu PROPERTIES[ \n]+INTERFACE_COMPILE_DEFINITIONS")
    if(text MATCHES "${start} \"([^\"$]*)\"")
      target_compile_definitions(latent_torch_dep INTERFACE ${CMAKE_MATCH_1})
    endif()
  endif()

  foreach(name IN ITEMS torch torch_cpu c10 torch_cuda c10_cuda)
    set(file "${LATENT_TORCH_PREFIX}/lib/lib${name}.so")
    if(EXISTS "${file}")
      add_library(latent_torch::${name} SHARED IMPORTED GLOBAL)
      set_property(TARGET latent_torch::${name} PROPERTY IMPORTED_LOCATION "${file}")
      # The target brings the RPATH. The flag keeps the library even if no symbol of it is used:
      # the CUDA kernels only register themselves when it's loaded.
      target_link_libraries(latent_torch_dep INTERFACE latent_torch::${name}
        "-Wl,--push-state,--no-as-needed,${file},--pop-state")
    elseif(NOT name MATCHES "cuda")
      message(FATAL_ERROR "${file} is missing. Run scripts/setup.sh, or set Torch_DIR to a "
        "complete LibTorch.")
    endif()
  endforeach()

  if(TARGET latent_torch::torch_cuda)
    # The CUDA libraries come as packages beside torch. libtorch_cuda knows where at run time, the
    # linker does not; what it still can't see is no reason to refuse.
    file(GLOB folders "${LATENT_TORCH_PREFIX}/../nvidia/*/lib")
    list(TRANSFORM folders PREPEND "-Wl,-rpath-link,")
    target_link_options(latent_torch_dep INTERFACE ${folders} -Wl,--allow-shlib-undefined)
  endif()
endfunction()

latent_locate_torch()
get_filename_component(LATENT_TORCH_PREFIX "${Torch_DIR}/../../.." ABSOLUTE)
latent_read_torch_version("${LATENT_TORCH_PREFIX}" LATENT_TORCH_VERSION)
if(LATENT_TORCH_VERSION VERSION_LESS LATENT_TORCH_MINIMUM)
  message(FATAL_ERROR "LibTorch ${LATENT_TORCH_VERSION} in ${LATENT_TORCH_PREFIX} is too old: "
    "latent needs ${LATENT_TORCH_MINIMUM} or newer. scripts/setup.sh finds or installs one if "
    "neither Torch_DIR nor CMAKE_PREFIX_PATH names this one.")
endif()

add_library(latent_torch_dep INTERFACE)
set(latent_torch_log "${CMAKE_BINARY_DIR}/torch_probe/log.txt")
latent_probe_torch_package("${latent_torch_log}" latent_torch_package_works)
if(latent_torch_package_works)
  # Here and not in a function: the package may enable CUDA as a language. Its remarks about
  # optional static libraries that no wheel has are left out.
  set(latent_log_level "${CMAKE_MESSAGE_LOG_LEVEL}")
  set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
  find_package(Torch REQUIRED QUIET)
  set(CMAKE_MESSAGE_LOG_LEVEL "${latent_log_level}")
  latent_use_torch_package()
  message(STATUS "LibTorch ${LATENT_TORCH_VERSION} by find_package: ${LATENT_TORCH_PREFIX}")
else()
  latent_use_torch_files()
  message(STATUS "LibTorch ${LATENT_TORCH_VERSION} by its files: ${LATENT_TORCH_PREFIX} "
    "(find_package(Torch) fails here, see ${latent_torch_log})")
endif()
