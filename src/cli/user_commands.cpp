// `user login|add-student|add-teacher|list|delete|reset-2fa` and `code generate`.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "courseselect/auth/totp.hpp"
#include "courseselect/cli/qr.hpp"
#include "courseselect/cli/table.hpp"
#include "courseselect/core/encoding.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;
using net::http::ClientRequest;
using net::http::Method;

constexpr std::int64_t list_page_size = 1'000;  // contract/http-api §1.3

std::string title_of(const std::string& user_type) {
    return user_type == "student" ? "Student" : "Teacher";
}

ClientRequest post_request(std::string target, std::string body) {
    ClientRequest request;
    request.method = Method::post;
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
}

/// `--password`, which may stand without a value (see `ask_password_flag`).
class PasswordOption {
  public:
    void add_to(CLI::App& command, const std::string& help) {
        option_ = command.add_option("--password", value_, help)->type_name("[TEXT]");
        command.add_flag(ask_password_flag, asks_)->group("");  // not for people
    }
    [[nodiscard]] bool is_present() const { return asks_ || option_->count() > 0; }
    /// The value; nothing when there is none.
    [[nodiscard]] std::optional<core::Secret> value() const {
        return option_->count() > 0 ? std::optional(core::Secret(std::string(value_)))
                                    : std::nullopt;
    }

  private:
    CLI::Option* option_ = nullptr;
    std::string value_;
    bool asks_ = false;
};

// ---- user login
// ----------------------------------------------------------------------------------

struct LoginCommand {
    std::string username;
    PasswordOption password;
    std::string auth_url;
    std::string internal_token;

    core::Result<int> run(Toolbox& tools) {
        COURSESELECT_TRY_OK(tools.session_file.check_place());
        if (username.empty()) {
            COURSESELECT_TRY(username, tools.prompter.text("Username"));
        }
        auto given = password.value();
        if (!given) {
            COURSESELECT_TRY(given, tools.prompter.hidden("Password"));
        }
        if (!auth_url.empty()) {
            tools.services.set_url(Node::auth, auth_url);
        }
        auto session = log_in(tools, *given);
        if (!session) {
            return core::Error(session.error().code(), "login_failed",
                               "Login failed: " + session.error().detail());
        }
        COURSESELECT_TRY_OK(tools.session_file.save(*session));
        tools.console.report(
            Report("Login successful").add_json("username", json::to_text(username)));
        return 0;
    }

    core::Result<Session> log_in(Toolbox& tools, const core::Secret& secret) {
        const std::string body =
            json::make_object("username", username, "password", secret.reveal());
        COURSESELECT_TRY(const auto response,
                         tools.services.run(tools.services.send(
                             Node::auth, post_request("/login/admin", body), call_timeout)));
        COURSESELECT_TRY(const auto answer, answer_of(response));
        Session session{
            .admin_token = core::Secret(answer["access_token"].string().value_or("")),
            .refresh_token = core::Secret(answer["refresh_token"].string().value_or("")),
            .auth_url = tools.services.url(Node::auth),
            .auth_url_given = !auth_url.empty(),
            .internal_token = core::Secret(internal_token),
            .username = username,
            .login_time = tools.clock.wall_now()};
        if (session.admin_token.empty()) {
            return core::Error(Errc::data_corrupt, "no_token", "the answer holds no token");
        }
        return session;
    }
};

void add_login(CLI::App& group, Toolbox& tools, Action& action) {
    auto login = std::make_shared<LoginCommand>();
    CLI::App* command = group.add_subcommand("login", "Log in as administrator, for 24 hours");
    command->add_option("--username", login->username, "Asked for when it is left out");
    login->password.add_to(*command, "Asked for without echo; in a pipe, the first line");
    command->add_option("--auth-url", login->auth_url,
                        "Of the auth node (default: AUTH_NODE_URL, then http://localhost:8002)");
    command->add_option("--internal-token", login->internal_token,
                        "Kept with the session (default: INTERNAL_TOKEN, not kept)");
    command->callback(
        [login, &tools, &action] { action = [login, &tools] { return login->run(tools); }; });
}

// ---- user add-student, user add-teacher
// ----------------------------------------------------------

struct AddCommand {
    NewAccount account;
    std::string group = "default";
    PasswordOption password;
    const CLI::Option* qr = nullptr;
    bool wants_qr = false;      ///< when the option is there
    std::string made_password;  ///< empty: it was chosen

    core::Result<int> run(Toolbox& tools) {
        COURSESELECT_TRY(AdminApi * api, tools.admin());
        COURSESELECT_TRY_OK(choose_password(tools));
        COURSESELECT_TRY(const std::string code, make_code(*api));
        COURSESELECT_TRY(const auto made,
                         api->post("/register/v1", registration_body(account, code)));
        Report report(title_of(account.user_type) + " created successfully");
        const std::string refresh_token = made["refresh_token"].string().value_or("");
        report.add("ID", "id", id_of(refresh_token)).add("Username", "username", account.username);
        if (!made_password.empty()) {
            report.add("Password", "password", made_password);
        }
        const auto secret = made["totp_secret"].string();
        const auto uri = made["totp_uri"].string();
        if (secret && uri) {
            report.add("2FA Secret", "totp_secret", *secret).add("2FA QR URI", "totp_uri", *uri);
            const auto confirmed = confirm_totp(tools, refresh_token, core::Secret(*secret));
            if (!confirmed) {
                tools.console.warning("The account is there, but its 2FA is not confirmed (" +
                                      confirmed.error().detail() +
                                      "); the student sets it up at the first login");
            }
        }
        tools.console.report(report);
        const ConsoleOptions& options = tools.console.options();
        const bool is_seen = options.out_is_terminal && !options.quiet;
        if (uri && (qr != nullptr && qr->count() > 0 ? wants_qr : is_seen)) {
            COURSESELECT_TRY(const auto picture, draw_qr(*uri, options.colours_out));
            tools.console.data(picture);
        }
        return 0;
    }

    core::Result<> choose_password(Toolbox& tools) {
        if (auto given = password.value()) {
            account.password = *std::move(given);
        } else if (password.is_present()) {
            COURSESELECT_TRY(account.password, tools.prompter.hidden("Password"));
        } else if (tools.prompter.is_terminal()) {
            COURSESELECT_TRY(account.password, tools.prompter.hidden_twice("Password"));
        } else {
            account.password = make_account_password(tools.random);
            made_password = account.password.reveal();
        }
        return {};
    }

    core::Result<std::string> make_code(AdminApi& api) const {
        std::string tags;
        {
            json::ArrayWriter list(tags);
            if (account.user_type == "student" && !group.empty()) {
                list.add(group);
            }
        }
        std::string body;
        {
            json::ObjectWriter object(body);
            object.add("user_type", account.user_type).add_raw("code_tags", tags);
        }
        COURSESELECT_TRY(const auto made, api.post("/generate/registration-code", body));
        return made["code"].string().value_or("");
    }

    /// Tokens carry the user's number; the answer itself does not.
    static std::int64_t id_of(const std::string& token) {
        const auto first = token.find('.');
        const auto second = token.find('.', first + 1);
        if (first == std::string::npos || second == std::string::npos) {
            return 0;
        }
        const auto claims =
            core::base64url_decode(token.substr(first + 1, second - first - 1)).value_or("");
        const auto value = json::Value::parse(claims);
        return value ? (*value)["user_id"].integer().value_or(0) : 0;
    }

    static core::Result<> confirm_totp(Toolbox& tools, const std::string& refresh_token,
                                       const core::Secret& secret) {
        const auto code =
            auth::totp_code(secret, auth::totp_step(tools.clock.wall_now())).value_or("");
        ClientRequest request = post_request("/register/v2", json::make_object("totp_code", code));
        request.headers.push_back({"Authorization", "Bearer " + refresh_token});
        COURSESELECT_TRY(const auto response, tools.services.run(tools.services.send(
                                                  Node::auth, std::move(request), call_timeout)));
        COURSESELECT_TRY_OK(answer_of(response));
        return {};
    }
};

void add_account(CLI::App& group, Toolbox& tools, Action& action, const std::string& user_type) {
    auto add = std::make_shared<AddCommand>();
    add->account.user_type = user_type;
    const bool is_student = user_type == "student";
    CLI::App* command = group.add_subcommand(
        "add-" + user_type,
        is_student ? "Make a student's account with 2FA set up" : "Make a teacher's account");
    command->add_option("--username", add->account.username, "To log in with")->required();
    command->add_option("--name", add->account.name, "As others see it")->required();
    command->add_option("--email", add->account.email, "Nobody else's")->required();
    add->password.add_to(*command,
                         "Without a value asked for, in a pipe the first line; without the option "
                         "asked for twice, in a pipe made and printed");
    if (is_student) {
        command->add_option("--group", add->group, "Becomes a tag of the student")
            ->capture_default_str();
        add->qr = command->add_flag("--qr,!--no-qr", add->wants_qr,
                                    "Draw the 2FA code, or not (default: on a terminal)");
    }
    command->callback(
        [add, &tools, &action] { action = [add, &tools] { return add->run(tools); }; });
}

// ---- user list
// -----------------------------------------------------------------------------------

struct Person {
    std::int64_t id = 0;
    std::string username;
    std::string name;
    std::string email;

    friend bool operator<(const Person& a, const Person& b) { return a.id < b.id; }
};

/// The listing goes newest first: accounts made meanwhile move others to the next page, where they
/// are met a second time.
core::Result<std::set<Person>> find_people(AdminApi& api, const std::string& user_type) {
    std::set<Person> people;
    for (std::int64_t page = 1;; ++page) {
        net::http::Query query;
        query.add("user_type", std::string_view(user_type))
            .add("page", page)
            .add("page_size", list_page_size);
        COURSESELECT_TRY(const auto answer, api.get("/admin/users" + query.str()));
        const auto users = answer["users"].items();
        for (const json::Value& user : users) {
            people.insert({.id = user["user_id"].integer().value_or(0),
                           .username = user["username"].string().value_or(""),
                           .name = user["name"].string().value_or(""),
                           .email = user["email"].string().value_or("")});
        }
        if (static_cast<std::int64_t>(users.size()) < list_page_size) {
            return people;
        }
    }
}

core::Result<int> list_people(Toolbox& tools, const std::string& user_type) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto people, find_people(*api, user_type));
    std::string list;
    {
        json::ArrayWriter array(list);
        for (const Person& person : people) {
            json::ObjectWriter(array.slot())
                .add("id", person.id)
                .add("username", person.username)
                .add("name", person.name)
                .add("email", person.email);
        }
    }
    tools.console.json(list);
    if (people.empty()) {
        tools.console.data(fmt::format("No {}s found\n", user_type));
        return 0;
    }
    Table table({{"ID", Align::right}, {"Username"}, {"Name"}, {"Email"}});
    for (const Person& person : people) {
        table.add_row({std::to_string(person.id), person.username, person.name, person.email});
    }
    tools.console.data(table.text());
    return 0;
}

void add_list(CLI::App& group, Toolbox& tools, Action& action) {
    auto user_type = std::make_shared<std::string>("student");
    CLI::App* command = group.add_subcommand("list", "Show all students or teachers");
    add_user_type(*command, *user_type)->capture_default_str();
    command->callback([user_type, &tools, &action] {
        action = [user_type, &tools] { return list_people(tools, *user_type); };
    });
}

// ---- user delete, user reset-2fa
// -----------------------------------------------------------------

struct DeleteCommand {
    std::int64_t id = 0;
    std::string user_type;
    bool is_sure = false;

    core::Result<int> run(Toolbox& tools) const {
        COURSESELECT_TRY(AdminApi * api, tools.admin());
        bool goes_on = is_sure;
        if (!is_sure) {
            COURSESELECT_TRY(goes_on,
                             tools.prompter.confirm(fmt::format(
                                 "Are you sure you want to delete {} with ID {}?", user_type, id)));
        }
        if (!goes_on) {
            return 0;
        }
        COURSESELECT_TRY_OK(api->post("/admin/user/delete",
                                      json::make_object("user_id", id, "user_type", user_type)));
        tools.console.report(Report(title_of(user_type) + " deleted successfully")
                                 .add_json("id", std::to_string(id)));
        return 0;
    }
};

void add_delete(CLI::App& group, Toolbox& tools, Action& action) {
    auto deletion = std::make_shared<DeleteCommand>();
    CLI::App* command =
        group.add_subcommand("delete", "Delete an account, its profile and its seats");
    command->add_option("USER_ID", deletion->id, "As `user list` shows it")
        ->required()
        ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
    add_user_type(*command, deletion->user_type)->required();
    command->add_flag("--yes,-y", deletion->is_sure, "Do not ask");
    command->callback([deletion, &tools, &action] {
        action = [deletion, &tools] { return deletion->run(tools); };
    });
}

core::Result<int> make_reset_code(Toolbox& tools, const std::string& username) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto made,
                     api->post("/generate/reset-code", json::make_object("username", username)));
    tools.console.report(
        Report("2FA reset code generated")
            .add("Reset Code", "code", made["code"].string().value_or(""))
            .add("Valid until", "expires_at", made["expires_at"].string().value_or("")));
    return 0;
}

void add_reset(CLI::App& group, Toolbox& tools, Action& action) {
    auto username = std::make_shared<std::string>();
    CLI::App* command =
        group.add_subcommand("reset-2fa", "Make a code with which a student sets up 2FA anew");
    command->add_option("USERNAME", *username, "The student's user name")->required();
    command->callback([username, &tools, &action] {
        action = [username, &tools] { return make_reset_code(tools, *username); };
    });
}

// ---- code generate
// -------------------------------------------------------------------------------

struct CodeCommand {
    std::string user_type;
    std::int64_t uses_max = 1;
    std::int64_t days = 7;

    core::Result<int> run(Toolbox& tools) const {
        COURSESELECT_TRY(AdminApi * api, tools.admin());
        COURSESELECT_TRY(const auto made,
                         api->post("/generate/registration-code",
                                   json::make_object("user_type", user_type, "max_uses", uses_max,
                                                     "expires_days", days)));
        tools.console.report(
            Report("Registration code generated")
                .add("Code", "code", made["code"].string().value_or(""))
                .add("Type", "user_type", made["user_type"].string().value_or(user_type))
                .add("Max uses", "max_uses", made["max_uses"].integer().value_or(uses_max))
                .add("Valid until", "expires_at", made["expires_at"].string().value_or("")));
        return 0;
    }
};

}  // namespace

void add_code_commands(CLI::App& app, Toolbox& tools, Action& action) {
    CLI::App* group = app.add_subcommand("code", "Registration codes");
    group->require_subcommand(1);
    auto code = std::make_shared<CodeCommand>();
    CLI::App* command = group->add_subcommand("generate", "Make a code to register with");
    add_user_type(*command, code->user_type)->required();
    command->add_option("--max-uses", code->uses_max, "How many may register with it")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->add_option("--days", code->days, "How long it is valid")
        ->check(CLI::Range(1, 365))
        ->capture_default_str();
    command->callback(
        [code, &tools, &action] { action = [code, &tools] { return code->run(tools); }; });
}

void add_user_commands(CLI::App& app, Toolbox& tools, Action& action) {
    CLI::App* group = app.add_subcommand("user", "Logging in, and the accounts of others");
    group->require_subcommand(1);
    add_login(*group, tools, action);
    add_account(*group, tools, action, "student");
    add_account(*group, tools, action, "teacher");
    add_list(*group, tools, action);
    add_delete(*group, tools, action);
    add_reset(*group, tools, action);
}

}  // namespace courseselect::cli
