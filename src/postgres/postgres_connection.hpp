#pragma once
/// A connection to a PostgreSQL server that makes itself again.

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/core/secret.hpp"
#include "courseselect/postgres/postgres_database.hpp"
#include "courseselect/storage/connection.hpp"
#include "postgres_result.hpp"

namespace courseselect::postgres {

enum class Role : std::uint8_t { reader, writer };

class PostgresConnection final : public storage::Connection {
  public:
    [[nodiscard]] static core::Result<std::unique_ptr<PostgresConnection>> open(
        core::Secret url, Role role, PostgresOptions options);

    [[nodiscard]] core::Result<std::unique_ptr<storage::Statement>> prepare(
        std::string_view sql) override;
    [[nodiscard]] core::Result<> run_script(std::string_view sql) override;
    [[nodiscard]] std::int64_t last_insert_id() const override;
    [[nodiscard]] core::Result<> control(storage::Control what) override;
    [[nodiscard]] bool is_in_transaction() const override;

    [[nodiscard]] core::Result<std::int64_t> run(std::string_view sql,
                                                 std::span<const storage::Value> values,
                                                 storage::RowSink* sink) override;

  private:
    PostgresConnection(core::Secret url, Role role, PostgresOptions options)
        : url_(std::move(url)), role_(role), options_(options) {}

    [[nodiscard]] core::Result<> connect();
    [[nodiscard]] core::Result<> configure();
    [[nodiscard]] core::Result<> take_writer_lock();
    [[nodiscard]] core::Result<> begin(const char* sql);
    [[nodiscard]] core::Result<> commit();
    [[nodiscard]] core::Result<> learn_outcome(const core::Error& cause);
    [[nodiscard]] core::Result<std::string> ask(const char* sql) const;
    [[nodiscard]] core::Result<std::string> prepared(std::string_view sql);

    const core::Secret url_;
    const Role role_;
    const PostgresOptions options_;
    ConnectionPointer handle_;
    std::string transaction_id_;                             // of the write transaction under way
    std::map<std::string, std::string, std::less<>> names_;  // of prepared statements, by SQL
    std::size_t names_given_ = 0;
};

}  // namespace courseselect::postgres
