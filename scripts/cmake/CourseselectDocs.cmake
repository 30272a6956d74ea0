# The documentation of the public headers, where Doxygen is installed: the target `docs` writes
# docs/html below the build directory, and a warning fails it (the test `docs` does the same).
find_package(Doxygen 1.9 QUIET)
find_package(Python3 3.9 QUIET COMPONENTS Interpreter)
if(NOT DOXYGEN_FOUND OR NOT Python3_FOUND)
  message(STATUS "Doxygen or Python is missing: there is no target docs")
  return()
endif()
set(COURSESELECT_DOCS_DIRECTORY "${PROJECT_BINARY_DIR}/docs")
file(MAKE_DIRECTORY "${COURSESELECT_DOCS_DIRECTORY}")
configure_file("${PROJECT_SOURCE_DIR}/scripts/docs/Doxyfile.in"
  "${COURSESELECT_DOCS_DIRECTORY}/Doxyfile" @ONLY)
set(prepare_docs Python3::Interpreter "${PROJECT_SOURCE_DIR}/scripts/docs/prepare_headers.py"
  "${PROJECT_SOURCE_DIR}/include" "${COURSESELECT_DOCS_DIRECTORY}/include")
add_custom_target(docs
  COMMAND ${prepare_docs}
  COMMAND "${DOXYGEN_EXECUTABLE}" "${COURSESELECT_DOCS_DIRECTORY}/Doxyfile"
  COMMENT "Documenting the public headers in ${COURSESELECT_DOCS_DIRECTORY}/html"
  VERBATIM)
if(COURSESELECT_BUILD_TESTS)
  add_test(NAME docs_prepare COMMAND ${prepare_docs})
  add_test(NAME docs COMMAND "${DOXYGEN_EXECUTABLE}" "${COURSESELECT_DOCS_DIRECTORY}/Doxyfile")
  set_tests_properties(docs_prepare PROPERTIES FIXTURES_SETUP docs_headers LABELS docs)
  set_tests_properties(docs PROPERTIES FIXTURES_REQUIRED docs_headers LABELS docs TIMEOUT 600)
endif()
