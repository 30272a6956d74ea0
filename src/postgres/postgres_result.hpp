#pragma once
/// What libpq answers, as rows and errors.

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "courseselect/core/error.hpp"
#include "courseselect/storage/row.hpp"

namespace courseselect::postgres {

struct ResultClearer {
    void operator()(PGresult* result) const { ::PQclear(result); }
};
using ResultPointer = std::unique_ptr<PGresult, ResultClearer>;

struct ConnectionCloser {
    void operator()(PGconn* connection) const { ::PQfinish(connection); }
};
using ConnectionPointer = std::unique_ptr<PGconn, ConnectionCloser>;

/// One row of a result in text format.
class ResultRow final : public storage::Row {
  public:
    ResultRow(const PGresult* result, int row) : result_(result), row_(row) {}

    [[nodiscard]] int columns() const override { return ::PQnfields(result_); }
    [[nodiscard]] storage::ValueType type(int column) const override;

  private:
    [[nodiscard]] std::int64_t integer(int column) const override;
    [[nodiscard]] double real(int column) const override;
    [[nodiscard]] std::string_view text(int column) const override;
    [[nodiscard]] storage::Blob blob(int column) const override;

    const PGresult* result_;
    int row_;
    mutable std::vector<std::vector<std::byte>> blobs_;  // decoded; as long as the row
};

/// `result` may be null: the connection is lost.
[[nodiscard]] core::Error error_of(PGconn* connection, const PGresult* result);

}  // namespace courseselect::postgres
