#include "postgres_connection.hpp"

#include <array>
#include <charconv>
#include <thread>
#include <utility>
#include <vector>

#include "courseselect/core/clock.hpp"

namespace courseselect::postgres {
namespace {

using storage::Control;

/// Asked again this often while a server is away, or another program may be letting go.
constexpr std::chrono::milliseconds retry_interval{200};
/// A connection of ours that broke holds its lock until the server has noticed.
constexpr int lock_attempts = 25;

/// `?` as `$1`, `$2`, .. but not within quotes.
std::string numbered(std::string_view sql) {
    std::string out;
    int count = 0;
    bool is_quoted = false;
    for (const char c : sql) {
        is_quoted = is_quoted != (c == '\'');
        if (c == '?' && !is_quoted) {
            out += '$' + std::to_string(++count);
        } else {
            out += c;
        }
    }
    return out;
}

/// Values as libpq wants them: text, but bytes as they are.
class Parameters {
  public:
    explicit Parameters(std::span<const storage::Value> values) {
        texts_.reserve(values.size());  // pointers into it stay valid
        for (const storage::Value& value : values) {
            std::visit([this](const auto& held) { add(held); }, value.storage());
        }
    }
    [[nodiscard]] int count() const { return static_cast<int>(pointers_.size()); }
    [[nodiscard]] const char* const* pointers() const { return pointers_.data(); }
    [[nodiscard]] const int* lengths() const { return lengths_.data(); }
    [[nodiscard]] const int* formats() const { return formats_.data(); }
    /// A text with a NUL, which PostgreSQL cannot keep and libpq would cut.
    [[nodiscard]] bool has_nul() const { return has_nul_; }

  private:
    void add(std::monostate) { push(nullptr, 0, 0); }
    void add(std::int64_t number) { add_text(std::to_string(number)); }
    void add(double number) {
        std::array<char, 64> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
        add_text(std::string(digits.data(), end.ptr));
    }
    void add(std::string_view text) {
        has_nul_ = has_nul_ || text.find('\0') != std::string_view::npos;
        add_text(std::string(text));
    }
    void add(storage::Blob bytes) {
        push(static_cast<const char*>(static_cast<const void*>(bytes.data())),
             static_cast<int>(bytes.size()), 1);
    }
    void add_text(std::string text) {
        const std::string& kept = texts_.emplace_back(std::move(text));
        push(kept.c_str(), 0, 0);
    }
    void push(const char* pointer, int length, int format) {
        pointers_.push_back(pointer);
        lengths_.push_back(length);
        formats_.push_back(format);
    }

    std::vector<std::string> texts_;
    std::vector<const char*> pointers_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
    bool has_nul_ = false;
};

class PostgresStatement final : public storage::Statement {
  public:
    PostgresStatement(PostgresConnection& connection, std::string sql)
        : connection_(connection), sql_(std::move(sql)) {}
    core::Result<std::int64_t> run(std::span<const storage::Value> values,
                                   storage::RowSink* sink) override {
        return connection_.run(sql_, values, sink);
    }

  private:
    PostgresConnection& connection_;
    std::string sql_;
};

core::Error column_error(const PGresult* result, int column) {
    return {core::Errc::data_corrupt, "column_type",
            std::string("Column ") + ::PQfname(result, column) + " has another type"};
}

/// Hands the rows out until the sink has enough.
core::Result<> hand_out(const PGresult* result, storage::RowSink& sink) {
    for (int i = 0; i < ::PQntuples(result); ++i) {
        const ResultRow row(result, i);
        COURSESELECT_TRY(const bool goes_on, sink.take(row));
        if (row.faulty_column() >= 0) {
            return column_error(result, row.faulty_column());
        }
        if (!goes_on) {
            break;
        }
    }
    return {};
}

bool is_success(const PGresult* result) {
    const auto status = ::PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

}  // namespace

core::Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(
    core::Secret url, Role role, PostgresOptions options) {
    std::unique_ptr<PostgresConnection> connection(
        new PostgresConnection(std::move(url), role, options));
    COURSESELECT_TRY_OK(connection->connect());
    return connection;
}

core::Result<> PostgresConnection::connect() {
    names_.clear();
    handle_.reset();  // first: the server lets our lock go
    const std::string url(url_.reveal());
    const std::string timeout = std::to_string(options_.connect_timeout.count());
    const std::array<const char*, 5> keys = {"dbname", "connect_timeout", "client_encoding",
                                             "fallback_application_name", nullptr};
    const std::array<const char*, 5> values = {url.c_str(), timeout.c_str(), "UTF8", "courseselect",
                                               nullptr};
    handle_.reset(::PQconnectdbParams(keys.data(), values.data(), 1));
    if (::PQstatus(handle_.get()) != CONNECTION_OK) {
        return error_of(handle_.get(), nullptr);
    }
    return configure();
}

core::Result<> PostgresConnection::configure() {
    std::string settings =
        "SET statement_timeout = " + std::to_string(options_.statement_timeout.count() * 1'000) +
        "; SET synchronous_commit = ";
    settings += options_.durability == storage::Durability::full ? "on" : "off";
    // Notices such as "already exists, skipping" are no news.
    settings += "; SET client_min_messages = warning";
    COURSESELECT_TRY_OK(run_script(settings));
    return role_ == Role::writer ? take_writer_lock() : core::Result<>();
}

core::Result<> PostgresConnection::take_writer_lock() {
    for (int i = 0; i < lock_attempts; ++i) {
        // The key: "CSel", as in the header of our SQLite files.
        COURSESELECT_TRY(const std::string taken, ask("SELECT pg_try_advisory_lock(1129538924)"));
        if (taken == "t") {
            return {};
        }
        std::this_thread::sleep_for(retry_interval);
    }
    return core::Error(core::Errc::failed_precondition, "database_locked",
                       "Another program writes to this database; stop it first");
}

/// The first value of the first row.
core::Result<std::string> PostgresConnection::ask(const char* sql) const {
    const ResultPointer result(::PQexec(handle_.get(), sql));
    if (!is_success(result.get())) {
        return error_of(handle_.get(), result.get());
    }
    return ::PQntuples(result.get()) > 0 ? std::string(::PQgetvalue(result.get(), 0, 0))
                                         : std::string();
}

core::Result<> PostgresConnection::run_script(std::string_view sql) {
    const std::string text(sql);
    COURSESELECT_TRY_OK(ask(text.c_str()));
    return {};
}

std::int64_t PostgresConnection::last_insert_id() const {
    const auto last = ask("SELECT lastval()");
    std::int64_t id = 0;
    if (last) {
        std::from_chars(last->data(), last->data() + last->size(), id);
    }
    return id;
}

bool PostgresConnection::is_in_transaction() const {
    const auto status = ::PQtransactionStatus(handle_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

// ---- transactions ------------------------------------------------------------------------------

core::Result<> PostgresConnection::control(Control what) {
    switch (what) {
        case Control::begin_read: return begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        case Control::begin_write: return begin("BEGIN; SELECT pg_current_xact_id()::text");
        case Control::commit: return commit();
        case Control::rollback: return run_script("ROLLBACK");
        case Control::savepoint: return run_script("SAVEPOINT closure");
        case Control::release_savepoint: return run_script("RELEASE SAVEPOINT closure");
        case Control::rollback_to_savepoint:
            return run_script("ROLLBACK TO SAVEPOINT closure; RELEASE SAVEPOINT closure");
    }
    return {};
}

/// Nothing is lost with a connection that breaks before its transaction: it is made again.
core::Result<> PostgresConnection::begin(const char* sql) {
    auto begun = ask(sql);
    if (!begun && ::PQstatus(handle_.get()) != CONNECTION_OK) {
        COURSESELECT_TRY_OK(connect());
        begun = ask(sql);
    }
    if (!begun) {
        return begun.error();
    }
    transaction_id_ = *std::move(begun);
    return {};
}

core::Result<> PostgresConnection::commit() {
    const ResultPointer result(::PQexec(handle_.get(), "COMMIT"));
    if (is_success(result.get())) {
        // A transaction that has failed answers to COMMIT with ROLLBACK, and success.
        return std::string_view(::PQcmdStatus(result.get())) == "COMMIT"
                   ? core::Result<>()
                   : core::Error(core::Errc::unavailable, "commit_failed",
                                 "The transaction had failed and was rolled back");
    }
    core::Error cause = error_of(handle_.get(), result.get());
    if (::PQstatus(handle_.get()) == CONNECTION_OK || transaction_id_.empty()) {
        return cause;
    }
    return learn_outcome(cause);
}

/// The connection broke while we waited for the answer to COMMIT: the server knows what it did.
core::Result<> PostgresConnection::learn_outcome(const core::Error& cause) {
    const std::string question = "SELECT pg_xact_status('" + transaction_id_ + "'::xid8)";
    const core::SystemClock clock;
    const core::MonoTime until = clock.mono_now() + options_.recovery_max;
    while (clock.mono_now() < until) {
        const auto status = connect() ? ask(question.c_str()) : core::Result<std::string>(cause);
        if (status && *status == "committed") {
            return {};
        }
        if (status && *status == "aborted") {
            return cause;
        }
        std::this_thread::sleep_for(retry_interval);  // away, or it has not noticed yet
    }
    return core::Error(core::Errc::outcome_unknown, "commit_unknown", cause.detail());
}

// ---- statements --------------------------------------------------------------------------------

core::Result<std::unique_ptr<storage::Statement>> PostgresConnection::prepare(
    std::string_view sql) {
    COURSESELECT_TRY_OK(prepared(sql));  // says now what is wrong with it
    return std::unique_ptr<storage::Statement>(
        std::make_unique<PostgresStatement>(*this, std::string(sql)));
}

core::Result<std::string> PostgresConnection::prepared(std::string_view sql) {
    if (const auto found = names_.find(sql); found != names_.end()) {
        return found->second;
    }
    if (names_.size() >= options_.statements_max) {
        COURSESELECT_TRY_OK(run_script("DEALLOCATE ALL"));
        names_.clear();
    }
    std::string name = "s" + std::to_string(++names_given_);
    const std::string text = numbered(sql);
    const ResultPointer result(::PQprepare(handle_.get(), name.c_str(), text.c_str(), 0, nullptr));
    if (!is_success(result.get())) {
        return error_of(handle_.get(), result.get());
    }
    names_.emplace(std::string(sql), name);
    return name;
}

core::Result<std::int64_t> PostgresConnection::run(std::string_view sql,
                                                   std::span<const storage::Value> values,
                                                   storage::RowSink* sink) {
    COURSESELECT_TRY(const std::string name, prepared(sql));
    const Parameters parameters(values);
    if (parameters.has_nul()) {
        return core::Error(core::Errc::internal, "database_misuse",
                           "A text for PostgreSQL cannot hold the character NUL");
    }
    const ResultPointer result(::PQexecPrepared(handle_.get(), name.c_str(), parameters.count(),
                                                parameters.pointers(), parameters.lengths(),
                                                parameters.formats(), 0));
    if (!is_success(result.get())) {
        return error_of(handle_.get(), result.get());
    }
    if (sink != nullptr) {
        COURSESELECT_TRY_OK(hand_out(result.get(), *sink));
    }
    std::int64_t changed = 0;
    const std::string_view text = ::PQcmdTuples(result.get());
    std::from_chars(text.data(), text.data() + text.size(), changed);
    return changed;
}

}  // namespace courseselect::postgres
