#include "courseselect/postgres/postgres_database.hpp"

#include <libpq-fe.h>

#include <utility>

#include "postgres_connection.hpp"

namespace courseselect::postgres {
namespace {

class PostgresDatabase final : public storage::Database {
  public:
    PostgresDatabase(core::Secret url, PostgresOptions options)
        : url_(std::move(url)), options_(options) {}

    core::Result<std::unique_ptr<storage::Connection>> connect_writer() override {
        return connect(Role::writer);
    }
    core::Result<std::unique_ptr<storage::Connection>> connect_reader() override {
        return connect(Role::reader);
    }
    core::Result<> backup_to(const std::string& /*path*/) override {
        return core::Error(core::Errc::failed_precondition, "backup_elsewhere",
                           "A PostgreSQL database is backed up with pg_dump");
    }
    /// The log is the server's business.
    [[nodiscard]] std::uint64_t wal_bytes() const override { return 0; }

  private:
    core::Result<std::unique_ptr<storage::Connection>> connect(Role role) const {
        COURSESELECT_TRY(auto connection, PostgresConnection::open(url_, role, options_));
        return std::unique_ptr<storage::Connection>(std::move(connection));
    }

    const core::Secret url_;
    const PostgresOptions options_;
};

}  // namespace

bool is_postgres_url(std::string_view url) {
    return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

core::Result<std::unique_ptr<storage::Database>> open_database(const core::Secret& url,
                                                               PostgresOptions options) {
    char* fault = nullptr;
    ::PQconninfoOption* const parsed = ::PQconninfoParse(std::string(url.reveal()).c_str(), &fault);
    std::string detail = fault == nullptr ? "" : fault;
    ::PQfreemem(fault);
    if (!is_postgres_url(url.reveal()) || parsed == nullptr) {
        ::PQconninfoFree(parsed);
        return core::Error(core::Errc::invalid_argument, "database_url",
                           "expected postgresql://user:password@host:port/database: " + detail);
    }
    ::PQconninfoFree(parsed);
    return std::unique_ptr<storage::Database>(std::make_unique<PostgresDatabase>(url, options));
}

}  // namespace courseselect::postgres
