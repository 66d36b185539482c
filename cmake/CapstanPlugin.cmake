# capstan_add_plugin(NAME SOURCES file... MANIFEST manifest.yaml|manifest.json
#                    [KINDS kinds/*.yaml] [TEMPLATES cluster-template*.yaml] [LINK lib...]
#                    [VERSION 1.2.3] [MIN_MINOR n])
#
# Builds the plugin NAME.so with the flags that the ABI asks for, and its manifest: the author's
# part (where @VERSION@ stands for VERSION, by default the project's), the CustomResourceDefinitions
# compiled from KINDS, the templates by file name, and the range of ABI minors. The manifest stands
# in the section .capstan.manifest and in the descriptor. The library goes to
# ${CMAKE_BINARY_DIR}/lib/capstan/plugins and is installed to CAPSTAN_PLUGIN_INSTALL_DIR.
#
# Part of the SDK's CMake package: find_package(capstan-sdk) gives it to a provider of its own.

# Beside the source tree's sdk/, or as the SDK is installed.
find_path(tools capstan-manifest NO_CACHE NO_DEFAULT_PATH
          PATHS ${CMAKE_CURRENT_LIST_DIR}/../sdk/tools ${CMAKE_CURRENT_LIST_DIR}/../tools)
set(CAPSTAN_SDK_TOOLS ${tools} CACHE INTERNAL "Where capstan-kinds and capstan-manifest are")
set(CAPSTAN_SDK_ABI_MAJOR 1 CACHE INTERNAL "")
set(CAPSTAN_SDK_ABI_MINOR 0 CACHE INTERNAL "")

function(capstan_add_plugin name)
  cmake_parse_arguments(arg "NO_INSTALL" "MANIFEST;VERSION;MIN_MINOR;OUTPUT_DIRECTORY"
                        "SOURCES;KINDS;TEMPLATES;LINK" ${ARGN})
  if(NOT arg_SOURCES OR NOT arg_MANIFEST)
    message(FATAL_ERROR "capstan_add_plugin(${name}): SOURCES and MANIFEST are needed")
  endif()
  if(NOT arg_VERSION)
    set(arg_VERSION ${PROJECT_VERSION})
  endif()
  if(NOT arg_MIN_MINOR)
    set(arg_MIN_MINOR 0)
  endif()
  if(NOT CAPSTAN_PLUGIN_INSTALL_DIR)
    set(CAPSTAN_PLUGIN_INSTALL_DIR lib/capstan/plugins)
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/capstan/plugins)
  endif()
  capstan_embed_manifest(${name} descriptor ${arg_MANIFEST} ${arg_VERSION}
    "${CAPSTAN_SDK_ABI_MAJOR}.${arg_MIN_MINOR}.${CAPSTAN_SDK_ABI_MINOR}"
    "${arg_KINDS}" "${arg_TEMPLATES}")

  set(target capstan_plugin_${name})
  add_library(${target} MODULE ${arg_SOURCES} ${descriptor})
  target_link_libraries(${target} PRIVATE capstan::sdk ${arg_LINK})
  capstan_plugin_flags(${target})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY ${arg_OUTPUT_DIRECTORY})
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION ${CAPSTAN_PLUGIN_INSTALL_DIR})
  endif()
endfunction()

# One exported function, nothing undefined, nothing writable that need not be; and no
# STB_GNU_UNIQUE symbols, which would keep the library mapped for ever.
function(capstan_plugin_flags target)
  set(exports ${CMAKE_BINARY_DIR}/capstan-plugin.map)
  if(NOT EXISTS ${exports})
    file(WRITE ${exports} "{ global: capstan_plugin_entry; local: *; };\n")
  endif()
  set_target_properties(${target} PROPERTIES
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${exports} -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack
    -Wl,--exclude-libs,ALL)
  if(NOT CAPSTAN_SANITIZE)  # the sanitizers' runtime is found in the program, not in the plugin
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()

function(capstan_embed_manifest name out manifest version abi kinds templates)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest)
  file(MAKE_DIRECTORY ${folder})
  set(arguments ${CMAKE_CURRENT_SOURCE_DIR}/${manifest} --version ${version} --abi ${abi})
  set(inputs ${CMAKE_CURRENT_SOURCE_DIR}/${manifest} ${CAPSTAN_SDK_TOOLS}/capstan-manifest)
  if(kinds)
    list(TRANSFORM kinds PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" REGEX "^[^/]")
    add_custom_command(OUTPUT ${folder}/crds.json
      COMMAND ${CAPSTAN_SDK_TOOLS}/capstan-kinds crds ${kinds} -o ${folder}/crds.json
              --depfile ${folder}/crds.d
      DEPENDS ${kinds} DEPFILE ${folder}/crds.d COMMENT "Kinds of ${name}" VERBATIM)
    list(APPEND arguments --crds ${folder}/crds.json)
    list(APPEND inputs ${folder}/crds.json)
  endif()
  foreach(template ${templates})
    cmake_path(ABSOLUTE_PATH template)
    list(APPEND arguments --template ${template})
    list(APPEND inputs ${template})
  endforeach()
  add_custom_command(OUTPUT ${folder}/manifest.json ${folder}/descriptor.c
    COMMAND ${CAPSTAN_SDK_TOOLS}/capstan-manifest ${arguments}
            -o ${folder}/manifest.json --descriptor ${folder}/descriptor.c
    DEPENDS ${inputs} COMMENT "Manifest of ${name}" VERBATIM)
  set_source_files_properties(${folder}/descriptor.c PROPERTIES
    OBJECT_DEPENDS ${folder}/manifest.json SKIP_PRECOMPILE_HEADERS ON)
  set(${out} ${folder}/descriptor.c PARENT_SCOPE)
endfunction()
