#pragma once
/// Assertions that stay on in release builds. Only for bugs of our own, never for input.

namespace courseselect::core {

/// Prints file, line and the violated condition to standard error, then aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace courseselect::core

#define COURSESELECT_CHECK(condition)                                           \
    do {                                                                        \
        if (!(condition)) [[unlikely]] {                                        \
            ::courseselect::core::check_failed(__FILE__, __LINE__, #condition); \
        }                                                                       \
    } while (false)
