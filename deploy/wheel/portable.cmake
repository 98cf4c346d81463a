# The program with everything linked in but glibc, for the wheel and the image; see deploy/wheel/portable. What is no archive in Debian is
# compiled here: spdlog from its headers, and of prometheus-cpp's core what is used.

set(POSTERN_PROMETHEUS_CPP_SOURCE "" CACHE PATH "prometheus-cpp's source, of the version whose headers are installed; for the portable program")
if(NOT POSTERN_PROMETHEUS_CPP_SOURCE)
  return()
endif()

set(serializer "${POSTERN_PROMETHEUS_CPP_SOURCE}/core/src/serializer.cc" "${POSTERN_PROMETHEUS_CPP_SOURCE}/core/src/text_serializer.cc")
set_source_files_properties(${serializer} PROPERTIES COMPILE_OPTIONS -w)
set(archives)
foreach(name boost_json boost_program_options ssl crypto)
  find_library(POSTERN_ARCHIVE_${name} "lib${name}.a" REQUIRED)
  list(APPEND archives "${POSTERN_ARCHIVE_${name}}")
endforeach()
# OpenSSL compresses where Debian built it so, from 13 on.
foreach(name zstd z)
  find_library(POSTERN_ARCHIVE_${name} "lib${name}.a")
  if(POSTERN_ARCHIVE_${name})
    list(APPEND archives "${POSTERN_ARCHIVE_${name}}")
  endif()
endforeach()
get_property(rooms GLOBAL PROPERTY POSTERN_ROOMS)
set(room_archives ${rooms})
list(TRANSFORM room_archives REPLACE "(.+)" "$<TARGET_FILE:\\1>")

add_executable(postern_portable EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/proxy/main.cpp" "${PROJECT_SOURCE_DIR}/proxy/observe/log/log.cpp" ${serializer})
# Debian's header-only spdlog asks for fmt's library all the same.
target_compile_definitions(postern_portable PRIVATE "$<TARGET_PROPERTY:spdlog::spdlog_header_only,INTERFACE_COMPILE_DEFINITIONS>")
# The rooms' archives alone, and not what they would link.
add_dependencies(postern_portable ${rooms})
target_include_directories(postern_portable PRIVATE "$<TARGET_PROPERTY:postern_command,INTERFACE_INCLUDE_DIRECTORIES>")
# What nothing calls is left out, and relocations are packed: less to load. The map says what came out of which archive.
target_link_options(postern_portable PRIVATE -Wl,--gc-sections -Wl,-z,pack-relative-relocs
                    "-Wl,-Map,${CMAKE_BINARY_DIR}/portable/postern.map")
# Debian 13's linker can put side by side what runs at the start.
include(CheckLinkerFlag)
set(order "-Wl,--section-ordering-file=${CMAKE_CURRENT_LIST_DIR}/startup.ld")
check_linker_flag(CXX "${order}" POSTERN_LINKER_ORDERS)
if(POSTERN_LINKER_ORDERS)
  target_link_options(postern_portable PRIVATE "${order}")
  set_property(TARGET postern_portable APPEND PROPERTY LINK_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/startup.ld")
endif()
target_link_libraries(postern_portable PRIVATE postern_flags fmt::fmt-header-only
                      -Wl,--start-group ${room_archives} -Wl,--end-group ${archives}
                      -static-libstdc++ -static-libgcc Threads::Threads)
set_target_properties(postern_portable PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/portable" OUTPUT_NAME postern)
