#pragma once
/// `Connection`: statements with bound parameters, transactions as closures.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/storage/row.hpp"
#include "courseselect/storage/value.hpp"

namespace courseselect::storage {

/// Takes the rows of a query, one by one. True asks for the next one.
class RowSink {
  public:
    [[nodiscard]] virtual core::Result<bool> take(const Row& row) = 0;

  protected:
    ~RowSink() = default;
};

namespace detail {

template <class F>
class SinkOf final : public RowSink {
  public:
    explicit SinkOf(F& function) : function_(function) {}
    core::Result<bool> take(const Row& row) override {
        using R = std::invoke_result_t<F&, const Row&>;
        if constexpr (std::is_void_v<R>) {
            function_(row);
            return true;
        } else if constexpr (std::is_same_v<R, core::Result<>>) {
            COURSESELECT_TRY_OK(function_(row));
            return true;
        } else {
            return function_(row);
        }
    }

  private:
    F& function_;
};

}  // namespace detail

/// A statement prepared once and run many times; for the hottest loops, elsewhere the connection's
/// own cache does. Must be destroyed before its connection.
class Statement {
  public:
    virtual ~Statement() = default;

    /// Runs it; returns the number of rows changed.
    template <class... Args>
    [[nodiscard]] core::Result<std::int64_t> execute(const Args&... args) {
        const Value values[] = {Value(args)..., Value(nullptr)};
        return run(std::span(values, sizeof...(Args)), nullptr);
    }
    /// Calls `on_row(const Row&)` for each row; it returns void, bool (false stops), or a Result of
    /// either.
    template <class F, class... Args>
    [[nodiscard]] core::Result<> each(F&& on_row, const Args&... args) {
        detail::SinkOf<std::remove_reference_t<F>> sink(on_row);
        const Value values[] = {Value(args)..., Value(nullptr)};
        COURSESELECT_TRY_OK(run(std::span(values, sizeof...(Args)), &sink));
        return {};
    }

    /// What an engine implements: binds the values to the `?`s in order and hands each row to
    /// `sink` (which may be null). Returns the number of rows changed.
    [[nodiscard]] virtual core::Result<std::int64_t> run(std::span<const Value> values,
                                                         RowSink* sink) = 0;
};

/// How a transaction moves. Closures use `transaction` and never these.
enum class Control : std::uint8_t {
    begin_read,
    begin_write,  ///< takes the write lock at once, so that it cannot fail in the middle
    commit,
    rollback,
    savepoint,
    release_savepoint,
    rollback_to_savepoint,  ///< undoes and also releases it
};

/// One connection to a database. SQL text must be a constant of the program: values only ever come
/// in as bound parameters. Statements are prepared once per connection and text (cache of
/// `statements_max`; when it is full it is emptied).
///
/// Errors of all calls: conflict with reason `unique_violation`, `foreign_key_violation`,
/// `check_violation` or `not_null_violation`; unavailable with `database_busy`, `database_full` or
/// `database_io`; data_corrupt with `database_corrupt` or `column_type`; internal with
/// `database_misuse` (wrong SQL). The native code is in the detail.
/// Thread-safety: one thread at a time.
class Connection {
  public:
    virtual ~Connection() = default;

    /// Runs one statement; returns the number of rows changed.
    template <class... Args>
    [[nodiscard]] core::Result<std::int64_t> execute(std::string_view sql, const Args&... args) {
        const Value values[] = {Value(args)..., Value(nullptr)};
        return run(sql, std::span(values, sizeof...(Args)), nullptr);
    }

    /// Calls `on_row(const Row&)` for each row; it returns void, bool (false stops), or a Result.
    template <class F, class... Args>
    [[nodiscard]] core::Result<> each(std::string_view sql, F&& on_row, const Args&... args) {
        detail::SinkOf<std::remove_reference_t<F>> sink(on_row);
        const Value values[] = {Value(args)..., Value(nullptr)};
        COURSESELECT_TRY_OK(run(sql, std::span(values, sizeof...(Args)), &sink));
        return {};
    }

    /// All rows, each turned into a value by `map(const Row&)`. Bound the number with LIMIT.
    template <class F, class... Args, class T = std::invoke_result_t<F&, const Row&>>
    [[nodiscard]] core::Result<std::vector<T>> all(std::string_view sql, F&& map,
                                                   const Args&... args) {
        std::vector<T> rows;
        auto keep = [&rows, &map](const Row& row) { rows.push_back(map(row)); };
        COURSESELECT_TRY_OK(each(sql, keep, args...));
        return rows;
    }

    /// The first row, or nothing.
    template <class F, class... Args, class T = std::invoke_result_t<F&, const Row&>>
    [[nodiscard]] core::Result<std::optional<T>> one(std::string_view sql, F&& map,
                                                     const Args&... args) {
        std::optional<T> first;
        auto keep = [&first, &map](const Row& row) {
            first.emplace(map(row));
            return false;
        };
        COURSESELECT_TRY_OK(each(sql, keep, args...));
        return first;
    }

    /// Runs `body(Connection&)`, which returns a Result, in a write transaction: commits when it
    /// succeeds, rolls back when it fails. Not inside another transaction, so not inside closures
    /// given to `WriteQueue` or `ReaderPool`: those run in one already.
    template <class F>
    [[nodiscard]] std::invoke_result_t<F&, Connection&> transaction(F&& body) {
        return in_transaction(Control::begin_write, body);
    }
    /// The same for reading: `body` sees one snapshot.
    template <class F>
    [[nodiscard]] std::invoke_result_t<F&, Connection&> read_transaction(F&& body) {
        return in_transaction(Control::begin_read, body);
    }

    [[nodiscard]] virtual core::Result<std::unique_ptr<Statement>> prepare(
        std::string_view sql) = 0;
    /// Several statements without parameters; for migrations only.
    [[nodiscard]] virtual core::Result<> run_script(std::string_view sql) = 0;
    /// The key that the last INSERT of this connection was given.
    [[nodiscard]] virtual std::int64_t last_insert_id() const = 0;
    [[nodiscard]] virtual core::Result<> control(Control what) = 0;
    /// False also after the engine has rolled back on its own (disk full, I/O error).
    [[nodiscard]] virtual bool is_in_transaction() const = 0;
    /// Housekeeping that a commit put off; called when nobody waits for the commit any more.
    virtual void maintain() {}

  protected:
    /// What an engine implements: `execute`, `each`, `all` and `one` come down to this.
    [[nodiscard]] virtual core::Result<std::int64_t> run(std::string_view sql,
                                                         std::span<const Value> values,
                                                         RowSink* sink) = 0;

  private:
    template <class F>
    [[nodiscard]] std::invoke_result_t<F&, Connection&> in_transaction(Control begin, F& body) {
        COURSESELECT_TRY_OK(control(begin));
        auto result = body(*this);
        const core::Result<> end = control(result ? Control::commit : Control::rollback);
        if (result && !end) {
            if (is_in_transaction()) {
                [[maybe_unused]] const auto undone = control(Control::rollback);
            }
            return end.error();
        }
        maintain();
        return result;
    }
};

}  // namespace courseselect::storage
