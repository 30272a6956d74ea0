// Asio's own code, compiled once (ASIO_SEPARATE_COMPILATION).
// A header of the standard library comes first: Asio asks its macros whether there is an
// aligned_alloc, and every file must get the same answer (else memory is freed with the wrong
// call).
#include <cstdlib>

#include <asio/impl/src.hpp>
