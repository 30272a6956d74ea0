# Finds llhttp: a config package, else an installed library and header, else the sources that
# Debian's node-llhttp ships, compiled here. Defines the target llhttp::llhttp.
if(TARGET llhttp::llhttp)
  set(Llhttp_FOUND TRUE)
  return()
endif()
find_package(llhttp CONFIG QUIET)
if(llhttp_FOUND)
  if(NOT TARGET llhttp::llhttp)
    add_library(llhttp::llhttp INTERFACE IMPORTED)
    target_link_libraries(llhttp::llhttp INTERFACE
      $<IF:$<TARGET_EXISTS:llhttp::llhttp_static>,llhttp::llhttp_static,llhttp::llhttp_shared>)
  endif()
  set(Llhttp_FOUND TRUE)
  return()
endif()
find_path(LLHTTP_INCLUDE_DIR NAMES llhttp.h)
find_library(LLHTTP_LIBRARY NAMES llhttp)
if(LLHTTP_INCLUDE_DIR AND LLHTTP_LIBRARY)
  add_library(llhttp::llhttp UNKNOWN IMPORTED)
  set_target_properties(llhttp::llhttp PROPERTIES
    IMPORTED_LOCATION "${LLHTTP_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${LLHTTP_INCLUDE_DIR}")
  set(Llhttp_FOUND TRUE)
  return()
endif()
find_path(LLHTTP_SOURCE_DIR NAMES llhttp.c PATHS /usr/share/llhttp PATH_SUFFIXES llhttp
          DOC "Where the node-llhttp package keeps its sources")
find_path(LLHTTP_SOURCE_INCLUDE_DIR NAMES llhttp.h
          PATHS /usr/share/include/llhttp "${LLHTTP_SOURCE_DIR}" PATH_SUFFIXES include/llhttp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Llhttp REQUIRED_VARS LLHTTP_SOURCE_DIR LLHTTP_SOURCE_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libllhttp-dev or node-llhttp")
if(Llhttp_FOUND)
  file(COPY "${LLHTTP_SOURCE_INCLUDE_DIR}/llhttp.h"
       DESTINATION "${PROJECT_BINARY_DIR}/llhttp/include")
  add_library(courseselect_llhttp STATIC
    "${LLHTTP_SOURCE_DIR}/api.c" "${LLHTTP_SOURCE_DIR}/http.c" "${LLHTTP_SOURCE_DIR}/llhttp.c")
  set_target_properties(courseselect_llhttp PROPERTIES
    C_VISIBILITY_PRESET hidden UNITY_BUILD OFF EXPORT_NAME llhttp)
  target_include_directories(courseselect_llhttp SYSTEM PUBLIC
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/llhttp/include>)
  # Without strict mode "X: \rTransfer-Encoding: chunked" is two headers (CVE-2023-30589).
  # llhttp 9 has no such macro: strict is its default.
  target_compile_definitions(courseselect_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  add_library(llhttp::llhttp ALIAS courseselect_llhttp)
endif()
mark_as_advanced(LLHTTP_SOURCE_DIR LLHTTP_SOURCE_INCLUDE_DIR LLHTTP_INCLUDE_DIR LLHTTP_LIBRARY)
