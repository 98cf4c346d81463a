# Run at each build: writes OUTPUT, a header that names COMMIT or else what git says of SOURCE; the same text stays untouched.

if(NOT COMMIT)
  execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY "${SOURCE}"
                  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(COMMIT MATCHES "^[0-9a-f]+$")
  string(SUBSTRING "${COMMIT}" 0 12 COMMIT)
endif()
if(NOT COMMIT MATCHES "^[0-9a-f]+(-dirty)?$")
  set(COMMIT unknown)
endif()
set(text "#pragma once
// Generated at each build, from the commit that is checked out.

namespace postern::command {
inline constexpr char commit[] = \"${COMMIT}\";
}
")
set(written "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" written)
endif()
if(NOT written STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()
