# Defines `latent_openmp`: OpenMP by the one runtime that libtorch has loaded anyway. A second libgomp in the process would
# bring a second pool of threads, each spinning on the other's cores.
add_library(latent_openmp INTERFACE)
find_package(OpenMP COMPONENTS CXX)
if(OpenMP_CXX_FOUND)
  target_compile_options(latent_openmp INTERFACE ${OpenMP_CXX_FLAGS})
  # The wheel's own copy, whatever its name; where libtorch was built against the system's, that is the one.
  file(GLOB latent_libgomp "${LATENT_TORCH_PREFIX}/lib/libgomp*.so*" "${LATENT_TORCH_PREFIX}/../torch.libs/libgomp*.so*")
  if(latent_libgomp)
    list(GET latent_libgomp 0 latent_libgomp)
    get_filename_component(latent_libgomp_folder "${latent_libgomp}" DIRECTORY)
    target_link_libraries(latent_openmp INTERFACE "${latent_libgomp}")
    target_link_options(latent_openmp INTERFACE "-Wl,-rpath,${latent_libgomp_folder}")
  else()
    target_link_libraries(latent_openmp INTERFACE OpenMP::OpenMP_CXX)
  endif()
endif()
