# What `cmake --install` puts beside programs, plugins and SDK: completions, the service, documents
# and examples, where a Debian package has them. docs/operating.md lists it.

# The scripts come out of the program itself, so they know all of its commands and flags.
set(folder ${CMAKE_BINARY_DIR}/completions)
file(MAKE_DIRECTORY ${folder})
foreach(script bash:capstan zsh:_capstan fish:capstan.fish)
  string(REPLACE ":" ";" script ${script})
  list(GET script 0 shell)
  list(GET script 1 file)
  add_custom_command(OUTPUT ${folder}/${shell}/${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}/${shell}
    COMMAND sh -c "\"$1\" completion \"$2\" > \"$3\"" sh $<TARGET_FILE:capstan> ${shell}
            ${folder}/${shell}/${file}
    DEPENDS capstan VERBATIM)
  list(APPEND completions ${folder}/${shell}/${file})
endforeach()
add_custom_target(completions ALL DEPENDS ${completions})
install(FILES ${folder}/bash/capstan
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${folder}/zsh/_capstan DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${folder}/fish/capstan.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# The unit names the program by its path, and --prefix may still change that at the installation.
install(CODE "
  set(bindir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(docdir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/examples/service/capstan.service.in\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/capstan.service\" @ONLY)")
install(FILES examples/service/capstan.sysusers DESTINATION lib/sysusers.d RENAME capstan.conf)

install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES examples/service/config.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY examples/hello-infra examples/cni DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
