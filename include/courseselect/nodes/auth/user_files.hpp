#pragma once
/// `/admin/users/import`, `/admin/users/export` and `/admin/stats` (contract §7).

#include "courseselect/api/service.hpp"
#include "courseselect/csv/table.hpp"
#include "courseselect/nodes/auth/data_calls.hpp"
#include "courseselect/nodes/auth/profile_outbox.hpp"
#include "courseselect/nodes/wire/user_files.hpp"
#include "courseselect/repo/auth_contacts.hpp"

namespace courseselect::nodes::accounts {

/// One line of an import, which has no fault or an `error`.
struct ImportLine {
    std::int64_t line = 0;
    repo::User user;
    repo::Contact contact;
    core::Secret password;
    bool is_password_made = false;
    std::string error;
};
/// What a line says, checked by the rules of `/admin/user/add`. A line without a password gets one.
[[nodiscard]] ImportLine read_import_line(const csv::Table& table, const csv::Row& row,
                                          const SecuritySettings& settings,
                                          crypto::RandomSource& random);

/// An import is one transaction for the accounts of all lines that have no fault; profiles follow
/// through the outbox, as after a registration while the data node is away. Passwords are hashed a
/// few at a time, so that logins get their turn.
/// Ownership: borrows all. Thread-safety: the runtime's loop.
class UserFiles {
  public:
    UserFiles(AuthState& state, ProfileOutbox& outbox, net::http::Client& data_node)
        : state_(state), outbox_(outbox), data_(state, data_node) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::UserImportDone>> import(api::Context& context,
                                                           api::Upload upload);
    [[nodiscard]] async::Task<core::Result<>> hash(std::vector<ImportLine>& lines);
    static async::Task<> hash_one(UserFiles& self, ImportLine& line);
    [[nodiscard]] async::Task<core::Result<>> reserve_ids(const std::vector<ImportLine>& lines);
    [[nodiscard]] async::Task<core::Result<std::vector<ImportLine>>> store(
        api::Context& context, std::vector<ImportLine> lines);
    async::Task<net::http::Response> export_users(api::Context& context, wire::UserExport body);
    async::Task<core::Result<wire::AdminStats>> statistics(api::Context& context);

    AuthState& state_;
    ProfileOutbox& outbox_;
    DataCalls data_;
};

}  // namespace courseselect::nodes::accounts
