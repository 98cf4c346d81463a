# Run by the installation, with the unit's source, the settings, and work, a folder to write in.

set(etc "${CMAKE_INSTALL_PREFIX}/etc")
if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?$")
  set(etc /etc)
endif()
file(READ "${source}" unit)
string(REPLACE "/usr/local/bin/postern" "${CMAKE_INSTALL_PREFIX}/bin/postern" unit "${unit}")
string(REPLACE "/etc/postern/postern.env" "${etc}/default/postern" unit "${unit}")
file(WRITE "${work}/postern.service" "${unit}")
file(INSTALL "${work}/postern.service" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system"
     PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
# What somebody has written there is theirs.
if(NOT EXISTS "$ENV{DESTDIR}${etc}/default/postern")
  file(INSTALL "${settings}" DESTINATION "${etc}/default" RENAME postern
       PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endif()
