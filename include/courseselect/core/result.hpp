#pragma once
/// `Result<T>`: a value or an `Error`. Keeps the names of `std::expected`, which needs C++23.

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "courseselect/core/check.hpp"
#include "courseselect/core/error.hpp"

namespace courseselect::core {

/// A value of `T`, or why there is none. Converts implicitly from both, so that functions simply
/// `return value;` or `return Error(...);`. Asking for the absent one is a bug and aborts.
template <class T = void>
class [[nodiscard]] Result {
    static_assert(!std::is_same_v<std::remove_cvref_t<T>, Error>);

  public:
    using value_type = T;

    template <class U = T>
    requires(std::is_constructible_v<T, U&&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>) Result(U&& value)
        : state_(std::in_place_index<0>, std::forward<U>(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    [[nodiscard]] explicit operator bool() const { return has_value(); }

    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    [[nodiscard]] T& value() & {
        COURSESELECT_CHECK(has_value());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] const T& value() const& {
        COURSESELECT_CHECK(has_value());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T&& value() && {
        COURSESELECT_CHECK(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    [[nodiscard]] T value_or(T fallback) && {
        return has_value() ? std::move(*this).value() : std::move(fallback);
    }

    [[nodiscard]] const Error& error() const& {
        COURSESELECT_CHECK(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        COURSESELECT_CHECK(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    std::variant<T, Error> state_;
};

/// Success without a value, or an error. Default-constructed means success.
template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const { return !error_.has_value(); }
    [[nodiscard]] explicit operator bool() const { return has_value(); }
    [[nodiscard]] const Error& error() const& {
        COURSESELECT_CHECK(error_.has_value());
        return *error_;
    }
    [[nodiscard]] Error&& error() && {
        COURSESELECT_CHECK(error_.has_value());
        return std::move(*error_);
    }

  private:
    std::optional<Error> error_;
};

}  // namespace courseselect::core

#define COURSESELECT_DETAIL_CONCAT_(a, b) a##b
#define COURSESELECT_DETAIL_CONCAT(a, b) COURSESELECT_DETAIL_CONCAT_(a, b)
#define COURSESELECT_DETAIL_TRY(name, declaration, expression, leave) \
    auto name = (expression);                                         \
    if (!name) {                                                      \
        leave std::move(name).error();                                \
    }                                                                 \
    declaration = *std::move(name)
#define COURSESELECT_DETAIL_TRY_OK(name, expression, leave) \
    auto name = (expression);                               \
    if (!name) {                                            \
        leave std::move(name).error();                      \
    }

/// COURSESELECT_TRY(const auto row, find(id)): declares `row`, or returns the error.
#define COURSESELECT_TRY(declaration, ...)                                                  \
    COURSESELECT_DETAIL_TRY(COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__), declaration, \
                            (__VA_ARGS__), return )
/// COURSESELECT_TRY_OK(save(row)): returns the error, if there is one.
#define COURSESELECT_TRY_OK(...)                                                                 \
    COURSESELECT_DETAIL_TRY_OK(COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__), (__VA_ARGS__), \
                               return )

/// The same two inside coroutines; the expression is `co_await call(...)`.
#define COURSESELECT_CO_TRY(declaration, ...)                                           \
    auto COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__) = __VA_ARGS__;               \
    if (!COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__)) {                           \
        co_return std::move(COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__)).error(); \
    }                                                                                   \
    declaration = *std::move(COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__))
#define COURSESELECT_CO_TRY_OK(...)                                                     \
    auto COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__) = __VA_ARGS__;               \
    if (!COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__)) {                           \
        co_return std::move(COURSESELECT_DETAIL_CONCAT(try_result_, __LINE__)).error(); \
    }
