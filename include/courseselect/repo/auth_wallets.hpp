#pragma once
/// Wallets: one a user, made with the user. A balance changes by entries only, and an entry is
/// never changed. All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::repo {

/// Amounts are hundredths of a credit.
struct Wallet {
    std::int64_t id = 0;
    std::string oid;
    std::string owner;  ///< the user's `oid`
    std::int64_t balance = 0;
};

struct WalletEntry {
    std::int64_t number = 0;   ///< 1, 2, 3, ... of its wallet
    std::int64_t amount = 0;   ///< never 0
    std::int64_t balance = 0;  ///< with this entry
    std::string reason;
    std::string request;  ///< of whoever asked for it; once in a wallet
    std::string actor;    ///< "admin:1"
    core::WallTime created_at;
};

/// No balance goes above this: a million million credits.
inline constexpr std::int64_t wallet_balance_max = 100'000'000'000'000;

[[nodiscard]] core::Result<std::optional<Wallet>> find_wallet(storage::Connection& connection,
                                                              std::string_view owner);
/// What an entry with this request is, if there is one.
[[nodiscard]] core::Result<std::optional<WalletEntry>> find_wallet_entry(
    storage::Connection& connection, std::int64_t wallet_id, std::string_view request);
/// Appends `entry`, whose number and balance are given here. The same request again changes nothing
/// and returns the entry it made.
/// Errors: failed_precondition `wallet_range` (the balance would be below 0 or above
/// `wallet_balance_max`), `request_reused` (the request made an entry of another amount).
[[nodiscard]] core::Result<WalletEntry> add_wallet_entry(storage::Connection& connection,
                                                         const Wallet& wallet, WalletEntry entry);
/// Newest first.
[[nodiscard]] core::Result<std::vector<WalletEntry>> wallet_entries(storage::Connection& connection,
                                                                    std::int64_t wallet_id,
                                                                    std::int64_t offset,
                                                                    std::int64_t limit);

}  // namespace courseselect::repo
