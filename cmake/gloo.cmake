# Gloo's headers (libgloo-dev), which LibTorch's own headers of ProcessGroupGloo include but do not bring. Headers
# alone: LibTorch has the code, and a second Gloo must never be linked. Without them the program says that it has no
# distributed part.
find_path(LATENT_GLOO_INCLUDE gloo/context.h)
if(LATENT_GLOO_INCLUDE)
  set_source_files_properties(src/train/collective.cpp PROPERTIES
    COMPILE_DEFINITIONS LATENT_HAS_GLOO SKIP_UNITY_BUILD_INCLUSION ON)
  message(STATUS "Gloo's headers: ${LATENT_GLOO_INCLUDE}")
else()
  message(STATUS "Gloo's headers were not found (libgloo-dev): this build trains in one process")
endif()
