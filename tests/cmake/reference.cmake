# configs/REFERENCE.md is what `latent config reference` prints.
cmake_minimum_required(VERSION 3.21)  # a script has no project to take policies from
execute_process(COMMAND ${LATENT} config reference OUTPUT_VARIABLE printed RESULT_VARIABLE status)
file(READ ${REFERENCE} committed)
if(NOT status EQUAL 0 OR NOT printed STREQUAL committed)
  message(FATAL_ERROR "configs/REFERENCE.md is out of date; run: latent config reference > configs/REFERENCE.md")
endif()
