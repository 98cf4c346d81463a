# What `cmake --install` puts where, and the Debian package of the same files. See deploy/debian/build.

include(GNUInstallDirs)
set(pages "${CMAKE_BINARY_DIR}/pages")
# From the binary's own --help, so that they name each variable that it knows.
add_custom_command(OUTPUT "${pages}/postern.1.gz" "${pages}/postern.default" "${pages}/changelog.gz" "${pages}/postern.bash"
  "${pages}/_postern"
  COMMAND "${CMAKE_CURRENT_LIST_DIR}/pages" "${pages}" "${PROJECT_VERSION}" ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:postern>
  DEPENDS postern "${CMAKE_CURRENT_LIST_DIR}/pages" "${CMAKE_CURRENT_LIST_DIR}/postern.1.head" "${CMAKE_CURRENT_LIST_DIR}/postern.1.tail"
  "${CMAKE_CURRENT_LIST_DIR}/default.head" "${CMAKE_CURRENT_LIST_DIR}/postern.bash" "${CMAKE_CURRENT_LIST_DIR}/_postern" VERBATIM)
add_custom_target(pages ALL DEPENDS "${pages}/postern.1.gz")

install(TARGETS postern RUNTIME)
install(FILES "${pages}/postern.1.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${pages}/postern.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME postern)
install(FILES "${pages}/_postern" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
install(FILES "${CMAKE_CURRENT_LIST_DIR}/copyright" "${CMAKE_CURRENT_LIST_DIR}/README.Debian" "${pages}/changelog.gz"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}")
# The unit names the program and the settings where they come to lie, which only the installation knows.
install(CODE "set(source \"${PROJECT_SOURCE_DIR}/deploy/systemd/postern.service\")
set(settings \"${pages}/postern.default\")
set(work \"${CMAKE_BINARY_DIR}/generated\")
include(\"${CMAKE_CURRENT_LIST_DIR}/install_service.cmake\")")
# Of the files as they were installed, the program stripped if it was; so it comes last.
install(CODE "set(binary_folder \"${CMAKE_INSTALL_BINDIR}\")
set(document \"${CMAKE_INSTALL_DOCDIR}/postern.cdx.json\")
set(build \"${CMAKE_BINARY_DIR}\")
set(version \"${PROJECT_VERSION}\")
set(here \"${CMAKE_CURRENT_LIST_DIR}\")
include(\"${CMAKE_CURRENT_LIST_DIR}/install_sbom.cmake\")")

# What the package is made from need not be built with the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "Postern maintainers <maintainers@postern.invalid>")
set(CPACK_PACKAGE_DESCRIPTION "Postern is a small HTTP reverse proxy that lets a request through only when its
bearer token is valid and the token's user is the user named in the URL. It is
configured by environment variables alone and keeps no state.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
if(CMAKE_CROSSCOMPILING AND CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
endif()
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The unit reloads by /bin/kill, of procps.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "init-system-helpers (>= 1.52), procps")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${CMAKE_CURRENT_LIST_DIR}/postinst;${CMAKE_CURRENT_LIST_DIR}/prerm;${CMAKE_CURRENT_LIST_DIR}/postrm;${CMAKE_CURRENT_LIST_DIR}/conffiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
