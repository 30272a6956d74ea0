#include "postgres_result.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace courseselect::postgres {
namespace {

// Object ids of built-in types: fixed by the server's catalogue (pg_type.dat).
constexpr ::Oid oid_bool = 16;
constexpr ::Oid oid_bytea = 17;
constexpr ::Oid oid_int8 = 20;
constexpr ::Oid oid_int2 = 21;
constexpr ::Oid oid_int4 = 23;
constexpr ::Oid oid_float4 = 700;
constexpr ::Oid oid_float8 = 701;

template <class Number>
Number number_of(std::string_view text) {
    Number number{};
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

unsigned digit_of(char hex) {
    return static_cast<unsigned>(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

core::Error constraint_error(std::string_view state, std::string detail) {
    using core::Errc;
    if (state == "23505") {
        return {Errc::conflict, "unique_violation", std::move(detail)};
    }
    if (state == "23503") {
        return {Errc::conflict, "foreign_key_violation", std::move(detail)};
    }
    if (state == "23514") {
        return {Errc::conflict, "check_violation", std::move(detail)};
    }
    if (state == "23502") {
        return {Errc::conflict, "not_null_violation", std::move(detail)};
    }
    return {Errc::conflict, "constraint_violation", std::move(detail)};
}

}  // namespace

storage::ValueType ResultRow::type(int column) const {
    using storage::ValueType;
    if (::PQgetisnull(result_, row_, column) != 0) {
        return ValueType::null;
    }
    switch (::PQftype(result_, column)) {
        case oid_bool:
        case oid_int2:
        case oid_int4:
        case oid_int8: return ValueType::integer;
        case oid_float4:
        case oid_float8: return ValueType::real;
        case oid_bytea: return ValueType::blob;
        default: return ValueType::text;
    }
}

std::string_view ResultRow::text(int column) const {
    return {::PQgetvalue(result_, row_, column),
            static_cast<std::size_t>(::PQgetlength(result_, row_, column))};
}

std::int64_t ResultRow::integer(int column) const {
    const std::string_view value = text(column);
    return value == "t" ? 1 : value == "f" ? 0 : number_of<std::int64_t>(value);
}

double ResultRow::real(int column) const { return number_of<double>(text(column)); }

/// "\x01ff", the form of every server since 9.0.
storage::Blob ResultRow::blob(int column) const {
    std::string_view hex = text(column);
    hex.remove_prefix(std::min<std::size_t>(2, hex.size()));
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(digit_of(hex[i]) << 4U | digit_of(hex[i + 1])));
    }
    return blobs_.emplace_back(std::move(bytes));
}

core::Error error_of(PGconn* connection, const PGresult* result) {
    using core::Errc;
    const char* const field =
        result == nullptr ? nullptr : ::PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string_view state = field == nullptr ? std::string_view() : field;
    std::string detail =
        result == nullptr ? ::PQerrorMessage(connection) : ::PQresultErrorMessage(result);
    while (detail.ends_with('\n')) {
        detail.pop_back();
    }
    if (state.empty()) {  // libpq's own: the connection failed
        return {Errc::unavailable, "database_io", std::move(detail)};
    }
    detail += " (PostgreSQL code " + std::string(state) + ")";
    const std::string_view kind = state.substr(0, 2);
    if (kind == "23") {
        return constraint_error(state, std::move(detail));
    }
    if (kind == "40" || kind == "55" || state == "57014") {  // conflict, lock, time is over
        return {Errc::unavailable, "database_busy", std::move(detail)};
    }
    if (kind == "53") {
        return {Errc::unavailable, "database_full", std::move(detail)};
    }
    if (kind == "08" || kind == "57" || kind == "58") {
        return {Errc::unavailable, "database_io", std::move(detail)};
    }
    if (kind == "XX") {
        return {Errc::data_corrupt, "database_corrupt", std::move(detail)};
    }
    if (state == "25006") {
        return {Errc::failed_precondition, "database_read_only", std::move(detail)};
    }
    return {Errc::internal, "database_misuse", std::move(detail)};
}

}  // namespace courseselect::postgres
