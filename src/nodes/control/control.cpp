#include "courseselect/nodes/control/control.hpp"

#include <fmt/format.h>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/check.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/nodes/wire/control.hpp"

namespace courseselect::nodes {

Control::Control(Runtime runtime, ControlOptions options)
    : runtime_(runtime), options_(std::move(options)), tasks_(runtime.loop) {}

Control::~Control() = default;

void Control::start() {
    COURSESELECT_CHECK(auth_node_ != nullptr);
    tasks_.spawn(follow(*this));
}

async::Task<> Control::stop() {
    tasks_.request_stop();
    co_await tasks_.join();
}

async::Task<> Control::follow(Control& self) {
    bool was_reachable = true;
    while (!self.tasks_.stop_token().stop_requested()) {
        const auto asked = co_await self.ask();
        if (asked.has_value() != was_reachable) {
            was_reachable = asked.has_value();
            if (was_reachable) {
                core::log::info("control_followed");
            } else {
                core::log::warn("control_not_reachable", {{"error", asked.error()}});
            }
        }
        if (!asked) {
            co_await async::sleep_for(self.runtime_.loop, self.options_.retry,
                                      self.tasks_.stop_token());
        }
    }
}

async::Task<core::Result<>> Control::ask() {
    net::http::ClientRequest request;
    request.target = fmt::format("/internal/control?settings_version={}&after={}&wait={}",
                                 settings_version_, last_revocation_, options_.wait.count());
    request.headers.push_back({"Internal-Token", options_.internal_token});
    const auto timeout = options_.wait + options_.call_timeout;
    const auto answer = co_await auth_node_->send(std::move(request), timeout);
    if (!answer) {
        co_return core::Error(core::Errc::unavailable, answer.error().to_string());
    }
    if (answer->status != 200) {
        co_return core::Error(core::Errc::unavailable,
                              fmt::format("the auth node answered {}", answer->status));
    }
    COURSESELECT_CO_TRY(const auto news, json::parse<wire::ControlState>(answer->body));
    revocations_.forget(runtime_.clock.wall_now());
    for (const wire::Revocation& revocation : news.revocations) {
        if (revocation.session) {
            revocations_.end_session(*revocation.session, revocation.until);
        }
        if (revocation.user) {
            revocations_.end_user(*revocation.user, revocation.at, revocation.until);
        }
    }
    last_revocation_ = news.last;
    if (news.settings && news.settings_version != settings_version_) {
        settings_version_ = news.settings_version;
        for (const Listener& listener : listeners_) {
            listener(*news.settings);
        }
    }
    co_return core::Result<>();
}

}  // namespace courseselect::nodes
