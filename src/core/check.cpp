#include "courseselect/core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace courseselect::core {

void check_failed(const char* file, int line, const char* condition) {
    std::fprintf(stderr, "courseselect: %s:%d: check failed: %s\n", file, line, condition);
    std::abort();
}

}  // namespace courseselect::core
