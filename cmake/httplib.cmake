# latent_httplib: cpp-httplib as Debian builds it (libcpp-httplib-dev), a library of its own.
find_path(LATENT_HTTPLIB_INCLUDE httplib.h)
find_library(LATENT_HTTPLIB_LIBRARY cpp-httplib)
if(NOT LATENT_HTTPLIB_INCLUDE OR NOT LATENT_HTTPLIB_LIBRARY)
  message(FATAL_ERROR "cpp-httplib not found: install libcpp-httplib-dev")
endif()
add_library(latent_httplib INTERFACE)
target_include_directories(latent_httplib SYSTEM INTERFACE ${LATENT_HTTPLIB_INCLUDE})
target_link_libraries(latent_httplib INTERFACE ${LATENT_HTTPLIB_LIBRARY})
