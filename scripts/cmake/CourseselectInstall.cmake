# Install and export. Component `development`: libraries, headers, the CMake package, pkg-config.
# Component `runtime`: the programs.
#
#   find_package(courseselect 0.1 REQUIRED COMPONENTS domain)
#   target_link_libraries(mine PRIVATE courseselect::domain)
#
# asks only for the libraries that the named modules need; without COMPONENTS it asks for all.
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY COURSESELECT_MODULES)
get_property(programs GLOBAL PROPERTY COURSESELECT_PROGRAMS)
set(package_directory "${CMAKE_INSTALL_LIBDIR}/cmake/courseselect")

# Every third-party target a module may link: how a CMake consumer finds it, and its pkg-config name.
# Asio has no pkg-config file, nothing to link, and flags that our files carry themselves.
set(pkg_asio_flags "-pthread -DASIO_STANDALONE -DASIO_NO_DEPRECATED -DASIO_SEPARATE_COMPILATION")
string(APPEND pkg_asio_flags " -DASIO_DISABLE_STD_ALIGNED_ALLOC")
set(finder_Asio::Asio "find_dependency(Asio)")
set(finder_CLI11::CLI11 "find_dependency(CLI11 CONFIG)")
set(finder_CURL::libcurl "find_dependency(CURL 7.85)")
set(finder_Libcsv::csv "find_dependency(Libcsv)")
set(finder_OpenSSL::Crypto "find_dependency(OpenSSL 3.0)")
set(finder_OpenSSL::SSL "find_dependency(OpenSSL 3.0)")
set(finder_PkgConfig::HIREDIS
    "courseselect_find_pkg_config(HIREDIS hiredis)")
set(finder_PkgConfig::LIBPQ
    "courseselect_find_pkg_config(LIBPQ libpq)")
set(finder_PkgConfig::LIBURING
    "courseselect_find_pkg_config(LIBURING liburing)")
set(finder_PkgConfig::LIBXCRYPT
    "courseselect_find_pkg_config(LIBXCRYPT libxcrypt)")
set(finder_PkgConfig::PROMETHEUS
    "courseselect_find_pkg_config(PROMETHEUS prometheus-cpp-core)")
set(finder_PkgConfig::QRENCODE
    "courseselect_find_pkg_config(QRENCODE libqrencode)")
set(finder_PkgConfig::UTF8PROC
    "courseselect_find_pkg_config(UTF8PROC libutf8proc)")
set(finder_SQLite::SQLite3 "find_dependency(SQLite3 3.37)")
set(finder_Threads::Threads "find_dependency(Threads)")
set(finder_ZLIB::ZLIB "find_dependency(ZLIB)")
set(finder_fmt::fmt "find_dependency(fmt CONFIG)")
set(finder_simdjson::simdjson "find_dependency(simdjson CONFIG)")
set(finder_spdlog::spdlog "find_dependency(spdlog CONFIG)")
set(pkg_CURL::libcurl libcurl)
set(pkg_OpenSSL::Crypto libcrypto)
set(pkg_OpenSSL::SSL libssl)
set(pkg_PkgConfig::HIREDIS hiredis)
set(pkg_PkgConfig::LIBPQ libpq)
set(pkg_PkgConfig::LIBURING liburing)
set(pkg_PkgConfig::LIBXCRYPT libxcrypt)
set(pkg_PkgConfig::PROMETHEUS prometheus-cpp-core)
set(pkg_PkgConfig::QRENCODE libqrencode)
set(pkg_PkgConfig::UTF8PROC libutf8proc)
set(pkg_SQLite::SQLite3 sqlite3)
set(pkg_ZLIB::ZLIB zlib)
set(pkg_fmt::fmt fmt)
set(pkg_simdjson::simdjson simdjson)
set(pkg_spdlog::spdlog spdlog)
if(TARGET courseselect_llhttp)
  set(finder_llhttp::llhttp "")  # compiled here and installed with us
else()
  set(finder_llhttp::llhttp "find_dependency(Llhttp)")
  set(pkg_llhttp::llhttp libllhttp)
endif()

# The modules that `name` needs, itself included.
function(courseselect_closure name out)
  set(closure "${name}")
  get_property(uses GLOBAL PROPERTY COURSESELECT_USES_${name})
  foreach(used IN LISTS uses)
    courseselect_closure(${used} more)
    list(APPEND closure ${more})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set(${out} "${closure}" PARENT_SCOPE)
endfunction()

# The text that finds what each component needs; and the pkg-config names of all.
set(component_finders "")
set(pkg_requires "")
foreach(module IN LISTS modules)
  courseselect_closure(${module} closure)
  set(finders "")
  foreach(used IN LISTS closure)
    get_property(links GLOBAL PROPERTY COURSESELECT_LINKS_${used})
    foreach(link IN LISTS links)
      if(NOT DEFINED finder_${link})
        message(FATAL_ERROR "CourseselectInstall: say how a consumer finds ${link} (${used})")
      endif()
      list(APPEND finders "${finder_${link}}")
      list(APPEND pkg_requires "${pkg_${link}}")
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES finders)
  list(REMOVE_ITEM finders "")
  string(APPEND component_finders "macro(_courseselect_find_${module})\n")
  foreach(finder IN LISTS finders)
    string(APPEND component_finders "  ${finder}\n")
  endforeach()
  string(APPEND component_finders "endmacro()\n")
endforeach()
list(REMOVE_DUPLICATES pkg_requires)
list(REMOVE_ITEM pkg_requires "")
list(JOIN pkg_requires ", " pkg_requires)

# Static libraries: the linker wants users before what they use, which is the order of the modules
# turned round.
set(pkg_libraries "")
foreach(module IN LISTS modules)
  get_target_property(type courseselect_${module} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    string(PREPEND pkg_libraries "-lcourseselect_${module} ")
  endif()
endforeach()
if(TARGET courseselect_llhttp)
  string(APPEND pkg_libraries "-lcourseselect_llhttp ")
endif()
string(APPEND pkg_libraries "-lcsv ")  # it has no pkg-config file

set(exported courseselect_courseselect)
foreach(module IN LISTS modules)
  list(APPEND exported courseselect_${module})
endforeach()
install(TARGETS ${exported} EXPORT courseselect
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development)
if(TARGET courseselect_llhttp)
  install(TARGETS courseselect_llhttp EXPORT courseselect
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
endif()
install(EXPORT courseselect NAMESPACE courseselect:: FILE courseselectTargets.cmake
  DESTINATION "${package_directory}" COMPONENT development)

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/courseselectConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/package/courseselectConfig.cmake"
  INSTALL_DESTINATION "${package_directory}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/courseselectConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
# Relative, so that the installed tree may be moved.
file(RELATIVE_PATH pkg_prefix
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" pkg_prefix "${pkg_prefix}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/courseselect.pc.in"
  "${PROJECT_BINARY_DIR}/package/courseselect.pc" @ONLY)
# One pkg-config file a component: it requires those of the modules it uses, which puts static
# libraries into the right order.
set(pkg_files "${PROJECT_BINARY_DIR}/package/courseselect.pc")
foreach(module IN LISTS modules)
  get_property(uses GLOBAL PROPERTY COURSESELECT_USES_${module})
  get_property(links GLOBAL PROPERTY COURSESELECT_LINKS_${module})
  list(TRANSFORM uses PREPEND "courseselect-" OUTPUT_VARIABLE module_requires)
  set(module_libraries "")
  set(module_flags "")
  get_target_property(type courseselect_${module} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    set(module_libraries " -lcourseselect_${module}")
  endif()
  foreach(link IN LISTS links)
    list(APPEND module_requires "${pkg_${link}}")
    if(link STREQUAL "Asio::Asio")
      set(module_flags " ${pkg_asio_flags}")
      string(APPEND module_libraries " -pthread")
    elseif(link STREQUAL "llhttp::llhttp" AND TARGET courseselect_llhttp)
      string(APPEND module_libraries " -lcourseselect_llhttp")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES module_requires)
  list(REMOVE_ITEM module_requires "")
  list(JOIN module_requires ", " module_requires)
  set(pkg_file "${PROJECT_BINARY_DIR}/package/courseselect-${module}.pc")
  configure_file("${CMAKE_CURRENT_LIST_DIR}/courseselect-module.pc.in" "${pkg_file}" @ONLY)
  list(APPEND pkg_files "${pkg_file}")
endforeach()
install(FILES
  "${PROJECT_BINARY_DIR}/package/courseselectConfig.cmake"
  "${PROJECT_BINARY_DIR}/package/courseselectConfigVersion.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/FindAsio.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/FindLibcsv.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/FindLlhttp.cmake"
  DESTINATION "${package_directory}" COMPONENT development)
install(FILES ${pkg_files}
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
if(programs)
  install(TARGETS ${programs} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
endif()
