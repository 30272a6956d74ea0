// Asio's TLS code, compiled once (ASIO_SEPARATE_COMPILATION).
#include <cstdlib>

#include <asio/ssl/impl/src.hpp>
