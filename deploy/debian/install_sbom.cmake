# Run by the installation, with here, build, version, binary_folder, and document, the place of the bill of materials.

find_program(dpkg_query dpkg-query)
if(NOT dpkg_query)
  message(STATUS "Not Debian: no bill of materials")
  return()
endif()
string(REPLACE ";" "\n" files "${CMAKE_INSTALL_MANIFEST_FILES}")
file(WRITE "${build}/generated/installed" "${files}\n")
set(root "$ENV{DESTDIR}/")
execute_process(
  COMMAND "${here}/sbom" --kind application --version "${version}" --build "${build}" --root "${root}"
          --binary "${root}${CMAKE_INSTALL_PREFIX}/${binary_folder}/postern"
  INPUT_FILE "${build}/generated/installed" OUTPUT_FILE "${build}/generated/postern.cdx.json" COMMAND_ERROR_IS_FATAL ANY)
get_filename_component(folder "${CMAKE_INSTALL_PREFIX}/${document}" DIRECTORY)
file(INSTALL "${build}/generated/postern.cdx.json" DESTINATION "${folder}"
     PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
