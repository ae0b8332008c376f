# Writes OUTPUT, a header with the commit of SOURCE, where it has changed: run at each build.
# "1a2b3c4d5e6f", "1a2b3c4d5e6f-dirty" with changes beside it, "" where SOURCE is no git checkout.
set(commit "")
find_program(git git)
if(git AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${git} -C ${SOURCE} describe --always --abbrev=12 --exclude=* --dirty
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
set(text "// Made by cmake/commit.cmake.\n#define LATENT_COMMIT \"${commit}\"\n")
set(was "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} was)
endif()
if(NOT was STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
