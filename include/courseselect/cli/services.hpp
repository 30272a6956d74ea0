#pragma once
/// The nodes as a command line reaches them: over the unix socket when there is one, else the URL
/// (contract/http-api §1.1).

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/config.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::cli {

/// In the order `status` shows them.
enum class Node : std::uint8_t { data, auth, teacher, student, queue };
inline constexpr std::array all_nodes{Node::data, Node::auth, Node::teacher, Node::student,
                                      Node::queue};
/// "data": in socket names and variables.
[[nodiscard]] std::string_view node_name(Node node);

/// Contract §1.1.
inline constexpr std::chrono::seconds call_timeout{30};
inline constexpr std::chrono::seconds status_timeout{5};

struct ServiceSettings {
    std::array<std::string, all_nodes.size()> urls;  ///< `AUTH_NODE_URL` ...; empty: not set
    bool use_sockets = true;
    std::string socket_directory;
    core::Secret internal_token;
};
/// Reads `*_NODE_URL`, `USE_SOCKETS`, `SOCKET_DIR`, `INTERNAL_TOKEN`; faults are noted in
/// `environment`.
[[nodiscard]] ServiceSettings read_service_settings(core::Environment& environment);

/// One loop, one client a node, made when first used; connections are kept.
/// Thread-safety: one thread.
class Services {
  public:
    Services(ServiceSettings settings, const core::Clock& clock);
    ~Services();

    /// This URL alone from now on, without trying the socket.
    void set_url(Node node, std::string url);
    void set_internal_token(core::Secret token) { settings_.internal_token = std::move(token); }
    [[nodiscard]] const core::Secret& internal_token() const { return settings_.internal_token; }
    /// Errors: those of `service_candidates`, saying which variable is wrong.
    [[nodiscard]] core::Result<net::http::Client*> client(Node node);
    /// Errors: unavailable `unreachable`, outcome_unknown `no_answer`, both saying which node.
    [[nodiscard]] async::Task<core::Result<net::http::ClientResponse>> send(
        Node node, net::http::ClientRequest request, std::chrono::milliseconds timeout);
    /// For messages: "http://localhost:8002".
    [[nodiscard]] std::string url(Node node) const;

    [[nodiscard]] async::EventLoop& loop() { return *loop_; }
    [[nodiscard]] const core::Clock& clock() const { return clock_; }

    /// Runs a coroutine on the loop to its end.
    template <class T>
    [[nodiscard]] T run(async::Task<T> task) {
        std::optional<T> value;
        async::TaskGroup group(*loop_);
        group.spawn(keep(*loop_, std::move(task), value));
        while (group.running() > 0) {
            loop_->run();
        }
        return *std::move(value);
    }

    void run(async::Task<> task) {
        async::TaskGroup group(*loop_);
        group.spawn(finish(*loop_, std::move(task)));
        while (group.running() > 0) {
            loop_->run();
        }
    }

  private:
    static async::Task<> finish(async::EventLoop& loop, async::Task<> task) {
        co_await std::move(task);
        loop.stop();
    }
    template <class T>
    static async::Task<> keep(async::EventLoop& loop, async::Task<T> task,
                              std::optional<T>& value) {
        auto made = co_await std::move(task);
        value.emplace(std::move(made));
        loop.stop();
    }

    ServiceSettings settings_;
    const core::Clock& clock_;
    std::unique_ptr<async::EventLoop> loop_;
    std::array<bool, all_nodes.size()> is_direct_{};
    std::array<std::unique_ptr<net::http::Client>, all_nodes.size()> clients_;
};

/// What a refusal says: `detail` or `error`, with the fields of a validation error by name; the
/// status when the body says nothing.
[[nodiscard]] std::string refusal_text(const net::http::ClientResponse& response);
/// A refusal as an error: its class by the status, its text as the detail.
[[nodiscard]] core::Error refusal_error(const net::http::ClientResponse& response);
/// The JSON of a good answer. Errors: those of `refusal_error`; data_corrupt for no JSON.
[[nodiscard]] core::Result<json::Value> answer_of(const net::http::ClientResponse& response);

}  // namespace courseselect::cli
