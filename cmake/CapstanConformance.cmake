# capstan_conformance_tests(TARGET [LEVEL n] [MODES in-process,process,sandbox]
#                           [CONFIG conformance.yaml] [SEED n] [TIMEOUT seconds])
#
# Makes the conformance kit's cases the tests of a plugin that capstan_add_plugin(NAME) made: a
# GoogleTest program TARGET_conformance with one test a case, which runs it in all MODES (in-process
# by default) and asks for the same results; run by ctest. TARGET is NAME or
# capstan_plugin_NAME. The level is 5 by default, the least for a plugin that is published.
#
# Part of the SDK's CMake package, as the program capstan-conformance is.

set(CAPSTAN_CONFORMANCE_MAIN ${CMAKE_CURRENT_LIST_DIR}/conformance_main.cc CACHE INTERNAL "")
if(NOT TARGET capstan-conformance)
  find_program(CAPSTAN_CONFORMANCE_PROGRAM capstan-conformance
               HINTS ${CMAKE_CURRENT_LIST_DIR}/../../../bin)
endif()

function(capstan_conformance_tests target)
  cmake_parse_arguments(arg "" "LEVEL;MODES;CONFIG;SEED;TIMEOUT" "" ${ARGN})
  if(NOT TARGET ${target})
    set(target capstan_plugin_${target})
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "capstan_conformance_tests: there is no target ${target}")
  endif()
  foreach(default LEVEL=5 MODES=in-process SEED=1 TIMEOUT=1800)
    string(REPLACE = ";" pair ${default})
    list(GET pair 0 name)
    list(GET pair 1 value)
    if(NOT arg_${name})
      set(arg_${name} ${value})
    endif()
  endforeach()
  set(config "")
  if(arg_CONFIG)
    cmake_path(ABSOLUTE_PATH arg_CONFIG OUTPUT_VARIABLE config)
  endif()
  set(program ${CAPSTAN_CONFORMANCE_PROGRAM})
  if(TARGET capstan-conformance)
    set(program $<TARGET_FILE:capstan-conformance>)
  endif()

  find_package(GTest REQUIRED)
  add_executable(${target}_conformance ${CAPSTAN_CONFORMANCE_MAIN})
  target_compile_features(${target}_conformance PRIVATE cxx_std_20)
  target_link_libraries(${target}_conformance PRIVATE capstan::sdk GTest::gtest)
  target_compile_definitions(${target}_conformance PRIVATE
    CAPSTAN_CONFORMANCE_PROGRAM="${program}" CAPSTAN_CONFORMANCE_PLUGIN="$<TARGET_FILE:${target}>"
    CAPSTAN_CONFORMANCE_LEVEL=${arg_LEVEL} CAPSTAN_CONFORMANCE_SEED=${arg_SEED}
    CAPSTAN_CONFORMANCE_MODES="${arg_MODES}" CAPSTAN_CONFORMANCE_CONFIG="${config}")
  add_dependencies(${target}_conformance ${target})
  if(TARGET capstan-conformance)
    add_dependencies(${target}_conformance capstan-conformance)
  endif()
  add_test(NAME ${target}_conformance COMMAND ${target}_conformance --gtest_brief=1)
  set_tests_properties(${target}_conformance PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS conformance)
endfunction()
