# Libraries that a build can do without: isal, zlib, sqlite and httplib. Each is a target latent_NAME
# that may be empty; LATENT_HAS_<NAME> says whether it is there, and so which source file is taken.
set(LATENT_WITHOUT "" CACHE STRING
  "Libraries to do without, of isal zlib sqlite httplib; `absent` stands for all that are not found")

# latent_library(NAME "Its name" PACKAGE "what the build then lacks" HEADER LIBRARY...): defines
# latent_NAME from the first LIBRARY that is found.
function(latent_library name title package lacks header)
  string(TOUPPER ${name} upper)
  add_library(latent_${name} INTERFACE)
  set(LATENT_HAS_${upper} OFF PARENT_SCOPE)
  if(name IN_LIST LATENT_WITHOUT)
    message(STATUS "Without ${title}: ${lacks}")
    return()
  endif()
  find_path(LATENT_${upper}_INCLUDE ${header})
  find_library(LATENT_${upper}_LIBRARY NAMES ${ARGN})
  if(LATENT_${upper}_INCLUDE AND LATENT_${upper}_LIBRARY)
    target_include_directories(latent_${name} SYSTEM INTERFACE "${LATENT_${upper}_INCLUDE}")
    target_link_libraries(latent_${name} INTERFACE "${LATENT_${upper}_LIBRARY}")
    set(LATENT_HAS_${upper} ON PARENT_SCOPE)
  elseif("absent" IN_LIST LATENT_WITHOUT)
    message(STATUS "Without ${title}, which was not found: ${lacks}")
  else()
    message(FATAL_ERROR "${title} was not found. Install ${package} (scripts/setup.sh does), or do "
      "without: -DLATENT_WITHOUT=absent (${lacks}).")
  endif()
endfunction()

# latent_source(OUT HAS FILE...): the first FILE whose library, of the list HAS, is there; the last
# where none is.
function(latent_source out has)
  foreach(library file IN ZIP_LISTS has ARGN)
    if(NOT library OR LATENT_HAS_${library})
      set(${out} ${file} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

latent_library(isal ISA-L libisal-dev "gz files are read at a third of the speed" isa-l/igzip_lib.h
  isal)
latent_library(zlib zlib zlib1g-dev "neither gz files nor compressed archives are read or written"
  zlib.h z)
if(LATENT_HAS_ISAL AND NOT LATENT_HAS_ZLIB)
  set(LATENT_HAS_ISAL OFF)  # its sums are joined by zlib's
endif()
latent_source(latent_crc32_source "ISAL;" src/formats/crc32.cpp src/formats/crc32_plain.cpp)
latent_source(latent_inflate_source "ISAL;ZLIB;" src/formats/inflate.cpp
  src/formats/inflate_zlib.cpp src/formats/inflate_none.cpp)
latent_source(latent_gz_stream_source "ISAL;ZLIB;" src/data/gz_stream.cpp
  src/data/gz_stream_zlib.cpp src/data/gz_stream_none.cpp)
latent_source(latent_gz_writer_source "ZLIB;" src/base/gz_writer.cpp src/base/gz_writer_none.cpp)
# What links the static library needs beside it.
set(LATENT_STATIC_LIBRARIES pthread)
if(LATENT_HAS_ZLIB)
  list(PREPEND LATENT_STATIC_LIBRARIES z)
endif()
if(LATENT_HAS_ISAL)
  list(PREPEND LATENT_STATIC_LIBRARIES isal)
endif()
if(NOT LATENT_ONLY_PYTHON AND NOT LATENT_ONLY_CORE)
  latent_library(sqlite SQLite libsqlite3-dev "there is no `latent sweep`" sqlite3.h sqlite3)
  latent_library(httplib cpp-httplib libcpp-httplib-dev "there is no `latent serve`" httplib.h
    cpp-httplib)
  latent_source(latent_sweep_store_source "SQLITE;" src/run/sweep_store.cpp
    src/run/sweep_store_none.cpp)
  latent_source(latent_http_source "HTTPLIB;" src/server/http_server.cpp
    src/server/http_server_none.cpp)
endif()
