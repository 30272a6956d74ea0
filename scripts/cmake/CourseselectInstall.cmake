# Install and export: headers, libraries and a CMake package.
