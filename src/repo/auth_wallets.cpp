#include "courseselect/repo/auth_wallets.hpp"

#include <utility>

namespace courseselect::repo {
namespace {

using core::Errc;
using storage::Connection;
using storage::Row;

Wallet wallet_from(const Row& row) {
    return {.id = row.get<std::int64_t>(0),
            .oid = row.get<std::string>(1),
            .owner = row.get<std::string>(2),
            .balance = row.get<std::int64_t>(3)};
}

WalletEntry entry_from(const Row& row) {
    return {.number = row.get<std::int64_t>(0),
            .amount = row.get<std::int64_t>(1),
            .balance = row.get<std::int64_t>(2),
            .reason = row.get<std::string>(3),
            .request = row.get<std::string>(4),
            .actor = row.get<std::string>(5),
            .created_at = row.get<core::WallTime>(6)};
}

}  // namespace

core::Result<std::optional<Wallet>> find_wallet(Connection& connection, std::string_view owner) {
    return connection.one(
        "SELECT id, oid, owner, COALESCE((SELECT balance FROM wallet_entries "
        "WHERE wallet_id = wallets.id ORDER BY number DESC LIMIT 1), 0) "
        "FROM wallets WHERE owner = ?",
        wallet_from, owner);
}

core::Result<std::optional<WalletEntry>> find_wallet_entry(Connection& connection,
                                                           std::int64_t wallet_id,
                                                           std::string_view request) {
    return connection.one(
        "SELECT number, amount, balance, reason, request, actor, created_at FROM wallet_entries "
        "WHERE wallet_id = ? AND request = ?",
        entry_from, wallet_id, request);
}

core::Result<WalletEntry> add_wallet_entry(Connection& connection, const Wallet& wallet,
                                           WalletEntry entry) {
    COURSESELECT_TRY(auto made, find_wallet_entry(connection, wallet.id, entry.request));
    if (made) {
        if (made->amount != entry.amount) {
            return core::Error(Errc::failed_precondition, "request_reused",
                               "This request made an entry of another amount; use a new one");
        }
        return *std::move(made);
    }
    COURSESELECT_TRY(const auto last, wallet_entries(connection, wallet.id, 0, 1));
    entry.number = last.empty() ? 1 : last.front().number + 1;
    const std::int64_t before = last.empty() ? 0 : last.front().balance;
    if (entry.amount > wallet_balance_max - before || entry.amount < -before) {
        return core::Error(Errc::failed_precondition, "wallet_range",
                           "The balance would leave its range of 0 to a million million credits");
    }
    entry.balance = before + entry.amount;
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO wallet_entries "
        "(wallet_id, number, amount, balance, reason, request, actor, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        wallet.id, entry.number, entry.amount, entry.balance, entry.reason, entry.request,
        entry.actor, entry.created_at));
    return entry;
}

core::Result<std::vector<WalletEntry>> wallet_entries(Connection& connection,
                                                      std::int64_t wallet_id, std::int64_t offset,
                                                      std::int64_t limit) {
    return connection.all(
        "SELECT number, amount, balance, reason, request, actor, created_at FROM wallet_entries "
        "WHERE wallet_id = ? ORDER BY number DESC LIMIT ? OFFSET ?",
        entry_from, wallet_id, limit, offset);
}

}  // namespace courseselect::repo
