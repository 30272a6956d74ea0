# Finds standalone Asio (header only, no config file is shipped). Defines the target Asio::Asio.
find_path(ASIO_INCLUDE_DIR NAMES asio.hpp)
if(ASIO_INCLUDE_DIR AND EXISTS "${ASIO_INCLUDE_DIR}/asio/version.hpp")
  file(STRINGS "${ASIO_INCLUDE_DIR}/asio/version.hpp" _asio_line
       REGEX "^#define ASIO_VERSION [0-9]+")
  string(REGEX REPLACE "^#define ASIO_VERSION ([0-9]+).*" "\\1" _asio_number "${_asio_line}")
  math(EXPR _asio_major "${_asio_number} / 100000")
  math(EXPR _asio_minor "${_asio_number} / 100 % 1000")
  math(EXPR _asio_patch "${_asio_number} % 100")
  set(ASIO_VERSION "${_asio_major}.${_asio_minor}.${_asio_patch}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS ASIO_INCLUDE_DIR VERSION_VAR ASIO_VERSION)
if(Asio_FOUND AND NOT TARGET Asio::Asio)
  find_package(Threads REQUIRED)
  add_library(Asio::Asio INTERFACE IMPORTED)
  target_include_directories(Asio::Asio SYSTEM INTERFACE "${ASIO_INCLUDE_DIR}")
  target_compile_definitions(Asio::Asio INTERFACE
    ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_SEPARATE_COMPILATION
    # Asio 1.22 picks its aligned_alloc from macros that depend on include order: a file that includes
    # Asio first would free with the wrong function.
    ASIO_DISABLE_STD_ALIGNED_ALLOC
    # Asio before 1.26 does not see that clang has coroutines.
    $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT>
    $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_STD_COROUTINE>)
  target_link_libraries(Asio::Asio INTERFACE Threads::Threads)
endif()
mark_as_advanced(ASIO_INCLUDE_DIR)
