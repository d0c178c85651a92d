# version.cmake - sets MIGCAST_VERSION: the project's version, and the commit where git can tell it.
# No date goes in, so that the same commit gives the same bytes.
set(MIGCAST_VERSION ${PROJECT_VERSION})
find_package(Git QUIET)
if(GIT_FOUND AND EXISTS ${CMAKE_SOURCE_DIR}/.git)
  execute_process(
    COMMAND ${GIT_EXECUTABLE} describe --always --tags
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE described
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE failed)
  if(NOT failed AND described)
    string(APPEND MIGCAST_VERSION "+${described}")
  endif()
  # A commit changes the version, so it configures again.
  if(EXISTS ${CMAKE_SOURCE_DIR}/.git/logs/HEAD)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                                           ${CMAKE_SOURCE_DIR}/.git/logs/HEAD)
  endif()
endif()
