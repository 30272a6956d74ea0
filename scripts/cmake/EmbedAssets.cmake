# Writes files into a C++ source, as raw strings:
#
#   cmake -DDIRECTORY=src/api/docs -DNAMES=index.html,docs.js -DHEADER=documentation.hpp
#         -DFUNCTION=courseselect::api::docs_assets -DOUTPUT=docs_assets.cpp -P EmbedAssets.cmake
#
# The source defines FUNCTION, which returns a span of `Asset{name, etag, body}` in the order of
# NAMES. The entity tag is a digest of the content, so it changes exactly when the file does.

string(REPLACE "," ";" names "${NAMES}")
string(REGEX REPLACE "::[^:]*$" "" namespace "${FUNCTION}")
string(REGEX REPLACE "^.*::" "" function "${FUNCTION}")

set(source "// Generated from the files in ${DIRECTORY}; edit those.\n\n#include \"${HEADER}\"\n\n")
string(APPEND source "#include <array>\n\nnamespace ${namespace} {\nnamespace {\n\n")
list(LENGTH names count)
string(APPEND source "constexpr std::array<Asset, ${count}> embedded{{\n")
foreach(name IN LISTS names)
  file(READ "${DIRECTORY}/${name}" content)
  string(FIND "${content}" ")asset\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${name} contains the end mark of the raw string")
  endif()
  string(SHA256 digest "${content}")
  string(SUBSTRING "${digest}" 0 16 tag)
  string(APPEND source "    {\"${name}\", \"\\\"${tag}\\\"\", R\"asset(${content})asset\"},\n")
endforeach()
string(APPEND source "}};\n\n}  // namespace\n\n")
string(APPEND source "std::span<const Asset> ${function}() { return embedded; }\n\n}  // namespace ${namespace}\n")
file(WRITE "${OUTPUT}" "${source}")
