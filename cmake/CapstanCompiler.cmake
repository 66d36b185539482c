# How everything is compiled: one place for warnings, sanitizers, cache, linker and output folders.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)  # statement expressions carry TRY
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CAPSTAN_PLUGIN_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/capstan/plugins)
set(CAPSTAN_PLUGIN_INSTALL_DIR ${CMAKE_INSTALL_LIBDIR}/capstan/plugins)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_compile_options(-Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside its own <variant>, <string> and <atomic> when it inlines them.
  add_compile_options(-fno-gnu-unique -Wno-maybe-uninitialized -Wno-restrict -Wno-dangling-pointer
                      -Wno-stringop-overread -Wno-array-bounds -Wno-stringop-overflow)
endif()

set(CAPSTAN_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
if(CAPSTAN_SANITIZE)
  add_compile_options(-fsanitize=${CAPSTAN_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${CAPSTAN_SANITIZE})
  add_compile_definitions(CAPSTAN_SANITIZED=1)
  if(CAPSTAN_SANITIZE MATCHES "thread")
    add_compile_options(-Wno-tsan)  # std::atomic_thread_fence in the standard library
  endif()
endif()

option(CAPSTAN_LIBFUZZER "Instrument everything for libFuzzer (clang) and build tests/fuzz with it" OFF)
if(CAPSTAN_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Hits across checkouts: paths are made relative, and precompiled headers are allowed.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
               CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
               ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()
