#include "toolbox.hpp"

#include <utility>

#include "courseselect/core/encoding.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::cli {

core::Result<AdminApi*> Toolbox::admin() {
    if (logged_in == nullptr) {
        COURSESELECT_TRY(auto session, session_file.load(clock.wall_now()));
        logged_in = std::make_unique<AdminApi>(services, session_file, std::move(session));
    }
    return logged_in.get();
}

CLI::Option* add_user_type(CLI::App& command, std::string& value) {
    return command.add_option("--user-type", value, "Students or teachers")
        ->check(CLI::IsMember({"student", "teacher"}));
}

std::string registration_body(const NewAccount& account, const std::string& code) {
    std::string body;
    {
        json::ObjectWriter object(body);
        object.add("username", account.username)
            .add("password", account.password.reveal())
            .add("user_type", account.user_type)
            .add("registration_code", code)
            .add("name", account.name);
        if (!account.email.empty()) {
            object.add("email", account.email);
        }
    }
    return body;
}

core::Secret make_account_password(crypto::RandomSource& random) {
    while (true) {
        std::string made = core::base64url_encode(random.bytes(12));
        if (made.front() != '-') {  // neither an option nor a formula to whom it is pasted
            return core::Secret(std::move(made));
        }
    }
}

}  // namespace courseselect::cli
