# liblatent_serve.a and liblatent_serve.so, and what `cmake --install` puts in place: the library with
# its header and its CMake package (find_package(latent), latent::serve), the program, completions.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(latent_serve STATIC $<TARGET_OBJECTS:latent_serve_objects>)
add_library(latent_serve_shared SHARED $<TARGET_OBJECTS:latent_serve_objects>)
set_target_properties(latent_serve_shared PROPERTIES OUTPUT_NAME latent_serve
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_libraries(latent_serve_shared PRIVATE Threads::Threads latent_isal latent_zlib)
# The library's own names are for its users; all else stays inside.
target_link_options(latent_serve_shared PRIVATE
  -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/serve_library.map -Wl,--no-undefined)
set_property(TARGET latent_serve_shared APPEND PROPERTY
  LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/serve_library.map)

set(latent_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/latent)
install(TARGETS latent_serve latent_serve_shared
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/serve/include/latent DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/latentConfig.cmake.in
  ${CMAKE_BINARY_DIR}/latentConfig.cmake INSTALL_DESTINATION ${latent_package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/latentConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/latentConfig.cmake ${CMAKE_BINARY_DIR}/latentConfigVersion.cmake
  DESTINATION ${latent_package_dir})
