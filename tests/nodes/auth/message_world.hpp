#pragma once
/// An auth node whose channels are switched on, and what it has written into its outbox.

#include <string>

#include "admin_world.hpp"
#include "courseselect/notify/outbox.hpp"

namespace courseselect::test {

struct ChannelsOn {
    bool email = false;
    bool sms = false;
};

struct MessageWorld : AdminWorld {
    explicit MessageWorld(ChannelsOn on, std::function<void(Options&)> tweak = {})
        : AdminWorld([on, tweak = std::move(tweak)](Options& options) {
              nodes::NotificationSettings& settings = options.settings.notifications;
              settings.email_enabled = on.email;
              settings.smtp_host = "127.0.0.1";
              settings.smtp_security = nodes::MailSecurity::none;
              settings.email_from = "courses@example.org";
              settings.sms_enabled = on.sms;
              settings.sms_url = "http://127.0.0.1:1/";
              if (tweak) {
                  tweak(options);
              }
          }) {}

    /// Empty: not reached that way.
    void reach(const std::string& name, const std::string& email, const std::string& phone = "") {
        std::string body = R"({"username":")" + name + R"(","email":)";
        body += email.empty() ? "null" : '"' + email + '"';
        body += R"(,"phone":)" + (phone.empty() ? std::string("null") : '"' + phone + '"') + "}";
        CHECK(post("/admin/user/contact", body, boss).status == 200);
    }
    void settings(const std::string& body) {
        CHECK(call({.method = net::http::Method::patch,
                    .path = "/admin/system-settings",
                    .body = body,
                    .token = boss})
                  .status == 200);
    }
    void change_password(const std::string& name) {
        const std::string token = name == "ada" ? access(ada) : teacher_access;
        CHECK(post("/user/change-password",
                   json::make_object("old_password", good_password, "new_password", good_password),
                   token)
                  .status == 200);
    }
    /// "event channel recipient;" of the messages written since the last look, in order. Keeps the
    /// text of the last one.
    std::string messages() {
        std::string found;
        auto database = storage::Database::open({.path = dir.file("auth_data.db")},
                                                {.read_only = true, .check_after_crash = false});
        auto reader = (*database)->connect_reader();
        const auto all = notify::list(**reader, std::nullopt, 0, 1'000);
        REQUIRE(all.has_value());
        for (auto entry = all->rbegin(); entry != all->rend(); ++entry) {
            if (entry->id > seen_) {
                found += entry->event + " " +
                         std::string(notify::channel_name(entry->message.channel)) + " " +
                         entry->message.recipient + ";";
                last_text = entry->message.text;
            }
        }
        seen_ = all->empty() ? 0 : all->front().id;
        return found;
    }
    void deliver_profiles() { test::run(loop, node->deliver_profiles()); }
    /// Tells of decisions and dates, and sends what is due.
    void deliver() { test::run(loop, deliver_messages(*node)); }
    void write(const std::string& sql) {
        auto change = [sql](storage::Connection& connection) -> core::Result<> {
            return connection.run_script(sql);
        };
        test::run(loop, written(node->state().writes->run(std::move(change))));
    }

    std::string last_text;

  private:
    static async::Task<> deliver_messages(nodes::accounts::AuthNode& node) {
        co_await node.deliver_messages();
    }
    static async::Task<> written(async::Task<core::Result<>> write) {
        const auto done = co_await std::move(write);
        CHECK(done.has_value());
    }

    std::int64_t seen_ = 0;
};

}  // namespace courseselect::test
