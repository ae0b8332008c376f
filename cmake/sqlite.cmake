# Finds SQLite (libsqlite3-dev), in which a sweep keeps its results, and defines `latent_sqlite`.
find_path(LATENT_SQLITE_INCLUDE sqlite3.h)
find_library(LATENT_SQLITE_LIBRARY sqlite3)
if(NOT LATENT_SQLITE_INCLUDE OR NOT LATENT_SQLITE_LIBRARY)
  message(FATAL_ERROR "SQLite was not found. Install libsqlite3-dev (scripts/setup.sh does).")
endif()
add_library(latent_sqlite INTERFACE)
target_include_directories(latent_sqlite SYSTEM INTERFACE "${LATENT_SQLITE_INCLUDE}")
target_link_libraries(latent_sqlite INTERFACE "${LATENT_SQLITE_LIBRARY}")
