# The three kinds of target of this project, so that every CMakeLists.txt below is a list of files.
#
#   courseselect_module(net SOURCES a.cpp HEADERS net/a.hpp USES core async LINKS PRIVATE_LIB)
#     a library courseselect_net, alias courseselect::net, from src/<dir>; header paths are relative
#     to include/courseselect. USES are modules (checked by tests/house), LINKS are private libraries,
#     PUBLIC_LINKS public ones. Without SOURCES the library is header-only. QUICK: compiled at -O1,
#     in a third less time; for modules that call the hot paths and have none of their own.
#   courseselect_test(net SOURCES a_test.cpp USES net LINKS ...)      an executable net_tests in CTest
#   courseselect_program(course-data-node SOURCES main.cpp USES nodes) an executable; installed when
#     it is one of apps/ or says INSTALLED

include(GNUInstallDirs)

set_property(GLOBAL PROPERTY COURSESELECT_MODULES "")

function(courseselect_quick target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

add_library(courseselect_flags INTERFACE)
target_compile_options(courseselect_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wcast-align -Wunused -Wimplicit-fallthrough -Wextra-semi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12: coroutine frames at -O1, and variants moved inside coroutines. Designated
  # initialisers leave members out on purpose.
  target_compile_options(courseselect_flags INTERFACE
    -Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-missing-field-initializers)
  # A compilation that collects garbage at g++'s default of 128 MB spends a tenth of its time on it;
  # this way it takes a quarter more memory, at most 1.7 GB.
  target_compile_options(courseselect_flags INTERFACE
    --param=ggc-min-expand=200 --param=ggc-min-heapsize=1500000)
  if(CMAKE_UNITY_BUILD)
    # To g++ every file of a unity build is a header, so types without linkage look shared.
    target_compile_options(courseselect_flags INTERFACE -Wno-subobject-linkage)
  endif()
endif()
if(COURSESELECT_WERROR)
  target_compile_options(courseselect_flags INTERFACE -Werror)
endif()
if(COURSESELECT_SANITIZE)
  add_compile_options(-fsanitize=${COURSESELECT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${COURSESELECT_SANITIZE})
  if(COURSESELECT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(COURSESELECT_SANITIZE MATCHES "thread")
    target_compile_options(courseselect_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(COURSESELECT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# One precompiled header for libraries and one for programs, whose position-independent code differs.
# It knows fmt and nothing else, so that its macros are a subset of every target's (g++ asks for that).
function(courseselect_precompile target)
  if(NOT COURSESELECT_PRECOMPILE)
    return()
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    set(shared courseselect_precompiled_program)
  else()
    set(shared courseselect_precompiled)
  endif()
  if(NOT TARGET ${shared})
    set(source "${PROJECT_BINARY_DIR}/precompiled/${shared}.cpp")
    file(GENERATE OUTPUT "${source}" CONTENT "int main() {}\n")
    if(type STREQUAL "EXECUTABLE")
      add_executable(${shared} EXCLUDE_FROM_ALL "${source}")
    else()
      add_library(${shared} STATIC EXCLUDE_FROM_ALL "${source}")
    endif()
    target_link_libraries(${shared} PRIVATE courseselect_flags fmt::fmt)
    target_compile_features(${shared} PRIVATE cxx_std_20)
    target_precompile_headers(${shared} PRIVATE
      "${PROJECT_SOURCE_DIR}/scripts/cmake/precompiled.hpp")
  endif()
  target_precompile_headers(${target} REUSE_FROM ${shared})
endfunction()

function(courseselect_module name)
  cmake_parse_arguments(arg "QUICK" "" "SOURCES;HEADERS;USES;LINKS;PUBLIC_LINKS" ${ARGN})
  set(target courseselect_${name})
  list(TRANSFORM arg_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/include/courseselect/")
  list(TRANSFORM arg_USES PREPEND "courseselect::" OUTPUT_VARIABLE uses)
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:courseselect_flags> ${arg_LINKS})
    courseselect_precompile(${target})
    if(arg_QUICK)
      courseselect_quick(${target})
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(courseselect::${name} ALIAS ${target})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_sources(${target} ${scope} FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${arg_HEADERS})
  target_link_libraries(${target} ${scope} ${uses} ${arg_PUBLIC_LINKS})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERIFY_INTERFACE_HEADER_SETS ON)
  set_property(GLOBAL APPEND PROPERTY COURSESELECT_MODULES ${name})
  # What an installed copy must find for this module (CourseselectInstall.cmake).
  set_property(GLOBAL PROPERTY COURSESELECT_USES_${name} ${arg_USES})
  set_property(GLOBAL PROPERTY COURSESELECT_LINKS_${name} ${arg_LINKS} ${arg_PUBLIC_LINKS})
endfunction()

function(courseselect_program name)
  cmake_parse_arguments(arg "INSTALLED" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  courseselect_precompile(${name})
  list(TRANSFORM arg_USES PREPEND "courseselect::")
  target_link_libraries(${name} PRIVATE courseselect_flags ${arg_USES} ${arg_LINKS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(arg_INSTALLED OR CMAKE_CURRENT_SOURCE_DIR STREQUAL "${PROJECT_SOURCE_DIR}/apps")
    set_property(GLOBAL APPEND PROPERTY COURSESELECT_PROGRAMS ${name})
    courseselect_quick(${name})
  endif()
endfunction()

function(courseselect_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;USES;LINKS;RUN_BY" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name}_tests ${arg_SOURCES})
  courseselect_precompile(${name}_tests)
  courseselect_quick(${name}_tests)
  list(TRANSFORM arg_USES PREPEND "courseselect::")
  target_link_libraries(${name}_tests PRIVATE
    courseselect_flags courseselect_test_support ${arg_USES} ${arg_LINKS})
  target_include_directories(${name}_tests PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  set_target_properties(${name}_tests PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  # RUN_BY: what starts the program, where it needs something beside it.
  add_test(NAME ${name} COMMAND ${arg_RUN_BY} $<TARGET_FILE:${name}_tests>)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()
