# What every target is built with, and the one way to declare a room of the proxy.

# Indirect jumps go only where one is expected; each architecture has its own word for it.
set(control_flow -fcf-protection)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(control_flow -mbranch-protection=standard)
endif()

add_library(postern_flags INTERFACE)
target_compile_options(postern_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  -fstack-protector-strong -fstack-clash-protection ${control_flow} -fno-plt
  # OpenSSL's macros name the file that frees; the folder that it was built in would stand in the binary.
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in "literal" + std::string that cannot be (its bug 105651), and takes the allocation of a
  # coroutine's frame for a mismatched one (its bug 109224).
  target_compile_options(postern_flags INTERFACE -Wno-restrict -Wno-mismatched-new-delete)
endif()
target_compile_definitions(postern_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE
  # Frames of coroutines that one thread keeps for the next ones: as many as a request has at a time, and more.
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16
  # The others are aligned enough as they come from operator new, which is faster than asking for it.
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
target_link_options(postern_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
if(POSTERN_SANITIZE)
  target_compile_options(postern_flags INTERFACE -fsanitize=${POSTERN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(postern_flags INTERFACE -fsanitize=${POSTERN_SANITIZE})
  if(POSTERN_SANITIZE MATCHES "undefined")
    # Its check of vptrs opens a pipe, and reports nonsense when descriptors have run out.
    target_compile_options(postern_flags INTERFACE -fno-sanitize=vptr)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code misleads this warning, as GCC's manual says.
    target_compile_options(postern_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  if(POSTERN_SANITIZE STREQUAL "thread")
    # ThreadSanitizer does not understand fences; Asio needs them only where something else than its queue hands over.
    target_compile_definitions(postern_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(postern_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

# postern_room(NAME [USES room...] [LIBS library...]): the folder NAME, with its subfolders, as a static library. Its
# headers are reached as "NAME/header.hpp" and only by targets that link it: every room has an include root of its own,
# so an include against the direction of the house does not compile.
function(postern_room NAME)
  cmake_parse_arguments(ROOM "" "" "USES;LIBS" ${ARGN})
  set(root "${CMAKE_BINARY_DIR}/rooms/${NAME}")
  file(MAKE_DIRECTORY "${root}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/${NAME}" "${root}/${NAME}" SYMBOLIC)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${NAME}/*.cpp")
  add_library(postern_${NAME} STATIC ${sources})
  target_include_directories(postern_${NAME} PUBLIC "${root}")
  list(TRANSFORM ROOM_USES PREPEND postern_)
  target_link_libraries(postern_${NAME} PUBLIC ${ROOM_USES} ${ROOM_LIBS} PRIVATE postern_flags)
  # For programs alone: code that could be part of a shared library may not inline its own functions.
  set_target_properties(postern_${NAME} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(postern_${NAME} PRIVATE -fPIE)
  set_property(GLOBAL APPEND PROPERTY POSTERN_ROOMS postern_${NAME})
endfunction()
