# Finds ISA-L (libisal-dev), which brings no CMake package of its own, and defines `latent_isal`.
find_path(LATENT_ISAL_INCLUDE isa-l/igzip_lib.h)
find_library(LATENT_ISAL_LIBRARY isal)
if(NOT LATENT_ISAL_INCLUDE OR NOT LATENT_ISAL_LIBRARY)
  message(FATAL_ERROR "ISA-L was not found. Install libisal-dev (scripts/setup.sh does).")
endif()
add_library(latent_isal INTERFACE)
target_include_directories(latent_isal SYSTEM INTERFACE "${LATENT_ISAL_INCLUDE}")
target_link_libraries(latent_isal INTERFACE "${LATENT_ISAL_LIBRARY}")
