# capstan_component(NAME [DEPENDS lib...] [PRIVATE_DEPENDS lib...] [EXCLUDE file...])
#
# One library target `capstan_NAME` for the folder it is called in: all .cc files but tests and
# benchmarks. Its tests (*_test.cc) become one program `NAME_test`, its benchmarks (*_benchmark.cc)
# `NAME_benchmark`. Includes are written from the source root, so a component can use only what it
# links: an include in the wrong direction does not link.
function(capstan_component name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE_DEPENDS;TEST_DEPENDS;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  file(GLOB benchmarks CONFIGURE_DEPENDS *_benchmark.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  if(benchmarks)
    list(REMOVE_ITEM sources ${benchmarks})
  endif()
  foreach(excluded ${arg_EXCLUDE})
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${excluded})
  endforeach()

  add_library(capstan_${name} STATIC ${sources})
  target_include_directories(capstan_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(capstan_${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE_DEPENDS})
  capstan_precompile(capstan_${name})
  if(tests AND CAPSTAN_BUILD_TESTS)
    capstan_test(${name}_test SOURCES ${tests}
                 DEPENDS capstan_${name} ${arg_PRIVATE_DEPENDS} ${arg_TEST_DEPENDS})
  endif()
  if(benchmarks AND CAPSTAN_BUILD_BENCHMARKS AND benchmark_FOUND)
    add_executable(${name}_benchmark ${benchmarks})
    target_link_libraries(${name}_benchmark PRIVATE capstan_${name} ${arg_PRIVATE_DEPENDS}
                          ${arg_TEST_DEPENDS} benchmark::benchmark_main)
  endif()
endfunction()

# capstan_test(NAME SOURCES file... [DEPENDS lib...] [LABELS label...] [TIMEOUT seconds])
# A GoogleTest program whose cases ctest runs one process a suite file.
function(capstan_test name)
  if(NOT CAPSTAN_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
  capstan_precompile(${name})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "unit;${arg_LABELS}")
endfunction()

# What nearly every file includes and is slow to parse, compiled once for all targets. A target
# whose flags differ falls back to the plain headers.
set(CMAKE_PCH_WARN_INVALID OFF)
function(capstan_precompile target)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()  # clang wants the same flags to the letter, -pthread included
  endif()
  if(NOT TARGET capstan_precompiled)
    file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "// Holds the precompiled headers.\n")
    add_library(capstan_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
    target_link_libraries(capstan_precompiled PRIVATE nlohmann_json::nlohmann_json Threads::Threads)
    target_precompile_headers(capstan_precompiled PRIVATE
      <nlohmann/json.hpp> <chrono> <functional> <map> <memory> <mutex> <optional> <string>
      <string_view> <unordered_map> <variant> <vector>)
  endif()
  target_precompile_headers(${target} REUSE_FROM capstan_precompiled)
endfunction()
