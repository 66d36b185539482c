# find_package(capstan-sdk): the target capstan::sdk, capstan_add_plugin and
# capstan_conformance_tests.
include(CMakeFindDependencyMacro)
find_dependency(nlohmann_json 3.11)
include(${CMAKE_CURRENT_LIST_DIR}/capstan-sdk-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/CapstanPlugin.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/CapstanConformance.cmake)
