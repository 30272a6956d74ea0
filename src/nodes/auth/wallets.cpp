#include "courseselect/nodes/auth/wallets.hpp"

#include <cmath>
#include <utility>

#include "courseselect/nodes/auth/user_rules.hpp"

namespace courseselect::nodes::accounts {
namespace {

using api::ErrorStyle;
using core::Errc;

/// Hundredths of a number with two decimals at most; 0 for any other number.
std::int64_t hundredths_of(double amount) {
    const double scaled = amount * 100;
    const double whole = std::round(scaled);
    // A number that was written with two decimals is off by its binary rounding only.
    return std::abs(scaled - whole) <= 1e-4 ? static_cast<std::int64_t>(whole) : 0;
}

wire::WalletEntrySeen entry_to_wire(const repo::WalletEntry& entry) {
    return {.number = entry.number,
            .amount = credits(entry.amount),
            .balance = credits(entry.balance),
            .reason = entry.reason,
            .idempotency_key = entry.request,
            .made_by = entry.actor,
            .created_at = entry.created_at};
}

/// Wallets outlive their users, so that the user need not exist any more.
core::Result<repo::Wallet> find_wallet_of(storage::Connection& connection, const std::string& oid) {
    COURSESELECT_TRY(auto wallet, repo::find_wallet(connection, oid));
    if (!wallet) {
        return core::Error(Errc::not_found, "user_gone", "User not found");
    }
    return *std::move(wallet);
}

}  // namespace

void Wallets::add_routes(api::Service& service) {
    service.add(api::post("/admin/wallets/{user_id}/entries")
                    .summary("Add credits to a wallet, or take some.")
                    .description("The same idempotency_key again answers with the same entry.")
                    .tag("wallets")
                    .errors(ErrorStyle::success_flag)
                    .access(api::Access::admin)
                    .status(201)
                    .path<wire::UserPath>()
                    .body<wire::WalletEntryBody>()
                    .error(404, "User not found")
                    .error(409, "The key is used already, or the balance would be out of range"),
                [this](api::Context& context, wire::UserPath path, wire::WalletEntryBody body) {
                    return enter(context, std::move(path), std::move(body));
                });
    service.add(api::get("/admin/wallets/{user_id}/entries")
                    .summary("What changed a balance, newest first.")
                    .tag("wallets")
                    .errors(ErrorStyle::success_flag)
                    .access(api::Access::admin)
                    .path<wire::UserPath>()
                    .query<wire::Page>()
                    .error(404, "User not found"),
                [this](api::Context& context, wire::UserPath path, wire::Page page) {
                    return list(context, std::move(path), page);
                });
}

async::Task<core::Result<wire::WalletEntryMade>> Wallets::enter(api::Context& context,
                                                                wire::UserPath path,
                                                                wire::WalletEntryBody body) {
    repo::WalletEntry wanted;
    wanted.amount = hundredths_of(body.amount);
    if (wanted.amount == 0) {
        context.faults.push_back({.type = "amount",
                                  .loc = {"body", "amount"},
                                  .msg = "Must have two decimals at most and not be 0",
                                  .ctx = {}});
        co_return core::Error(Errc::invalid_argument, "amount", "The amount is not valid");
    }
    wanted.reason = std::move(body.reason);
    wanted.request = std::move(body.idempotency_key);
    wanted.actor = repo::to_string(key_of(context.who()));
    wanted.created_at = state_.runtime.clock.wall_now();
    auto add = [caller = caller_of(state_, context), wanted = std::move(wanted),
                oid = path.user_id](storage::Connection& connection,
                                    repo::AuditEntry&) -> core::Result<wire::WalletEntryMade> {
        COURSESELECT_TRY_OK(find_live_admin(connection, caller));
        COURSESELECT_TRY(auto wallet, find_wallet_of(connection, oid));
        COURSESELECT_TRY(const auto entry, repo::add_wallet_entry(connection, wallet, wanted));
        COURSESELECT_TRY(wallet, find_wallet_of(connection, oid));
        return wire::WalletEntryMade{.message = "Wallet entry recorded",
                                     .entry = entry_to_wire(entry),
                                     .wallet = to_wire(wallet)};
    };
    repo::AuditEntry event = state_.event(context, "wallet_entry", std::move(path.user_id));
    auto made = co_await state_.decide(std::move(event), std::move(add));
    co_return as_conflict(std::move(made));
}

async::Task<core::Result<wire::WalletEntries>> Wallets::list(api::Context& context,
                                                             wire::UserPath path, wire::Page page) {
    auto read = [caller = caller_of(state_, context), oid = std::move(path.user_id),
                 page](storage::Connection& connection) -> core::Result<wire::WalletEntries> {
        COURSESELECT_TRY_OK(find_live_admin(connection, caller));
        COURSESELECT_TRY(const auto wallet, find_wallet_of(connection, oid));
        COURSESELECT_TRY(const auto entries, repo::wallet_entries(connection, wallet.id,
                                                                  page.offset(), page.page_size));
        wire::WalletEntries answer{.wallet = to_wire(wallet), .entries = {}};
        for (const repo::WalletEntry& entry : entries) {
            answer.entries.push_back(entry_to_wire(entry));
        }
        return answer;
    };
    auto seen = co_await state_.readers->read(std::move(read));
    co_return seen;
}

}  // namespace courseselect::nodes::accounts
