#pragma once
/// `UniqueFunction`: a move-only `std::function` (`std::move_only_function` needs C++23).

#include <memory>
#include <type_traits>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::core {

template <class Signature>
class UniqueFunction;

/// Owns a callable that need not be copyable. Calling an empty one is a bug and aborts.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
  public:
    UniqueFunction() = default;
    UniqueFunction(std::nullptr_t) {}
    template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>) UniqueFunction(F&& callable)
        : target_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(callable))) {}

    [[nodiscard]] explicit operator bool() const { return target_ != nullptr; }

    R operator()(Args... args) {
        COURSESELECT_CHECK(target_ != nullptr);
        return target_->call(std::forward<Args>(args)...);
    }

  private:
    struct Base {
        virtual ~Base() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Holder final : Base {
        explicit Holder(F&& f) : callable(std::move(f)) {}
        explicit Holder(const F& f) : callable(f) {}
        R call(Args... args) override { return callable(std::forward<Args>(args)...); }
        F callable;
    };

    std::unique_ptr<Base> target_;
};

}  // namespace courseselect::core
