#pragma once
/// A realtime server on real data, queue and student nodes in one process, and clients that speak
/// Socket.IO over long polling to it.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/nodes/control/revocations.hpp"
#include "courseselect/nodes/realtime/realtime_node.hpp"
#include "courseselect/redis/memory_channel.hpp"
#include "nodes/teacher/fixture.hpp"

namespace courseselect::test {

/// Everybody's address is the name at example.org.
class AddressNode final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        std::string users;
        const auto lookup = json::Value::parse(request.body);
        for (const json::Value& name : (*lookup)["usernames"].items()) {
            const std::string user = name.string().value_or("");
            users += (users.empty() ? "" : ",") + (R"({"username":")" + user + R"(","email":")") +
                     user + "@example.org\"}";
        }
        net::http::Response response;
        response.body = "{\"users\":[" + users + "]}";
        co_return response;
    }
};

class RealtimeSchool {
  public:
    /// @param is_shared  the server shares its rooms over `others`
    explicit RealtimeSchool(bool is_shared = false) {
        if (is_shared) {
            others = std::make_unique<redis::MemoryBroker>(nodes.loop);
        }
        open();
        course = nodes.add_course("Algebra", 5);
        alice = nodes.add_student("alice");
        bob = nodes.add_student("bob");
        enrol(alice);
    }
    ~RealtimeSchool() { close(); }

    void open() {
        nodes::realtime::RealtimeNodeOptions options;
        options.database.path = nodes.dir.file("realtime.db");
        options.storage.faults = &faults;
        options.service.internal_token = test_internal_token;
        options.announcer.seats_interval = std::chrono::milliseconds{20};
        options.relay.batches_max = 3;
        options.token_check = std::chrono::milliseconds{5};
        auto for_sockets = auth::JwtVerifier::hs256(test_jwt_secret);
        auto for_pages = auth::JwtVerifier::hs256(test_jwt_secret);
        const nodes::Runtime runtime{nodes.loop, nodes.clock, nodes.random};
        node = std::make_unique<nodes::realtime::RealtimeNode>(
            runtime, std::move(options), *std::move(for_sockets),
            std::make_unique<api::JwtAuthenticator>(*std::move(for_pages), nodes.clock), revoked,
            nodes::realtime::Neighbours{
                std::make_unique<Switch>(nodes.data->handler(), nodes.data_away),
                std::make_unique<Switch>(addresses, addresses_away),
                std::make_unique<Switch>(nodes.student->handler(), nodes.queue_away),
                others ? std::make_unique<redis::MemoryChannel>(*others) : nullptr});
        test::run(nodes.loop, start(*node));
    }
    void close() {
        node->drain();
        test::run(nodes.loop, node->stop());
        node.reset();
    }

    /// The server's files, as a process that is killed now would leave them.
    using Files = std::map<std::string, std::string>;
    [[nodiscard]] Files files() const {
        Files files;
        for (const auto& entry : std::filesystem::directory_iterator(nodes.dir.path())) {
            const std::string name = entry.path().filename().string();
            if (name.starts_with("realtime.db")) {
                std::ifstream file(entry.path(), std::ios::binary);
                files[name].assign(std::istreambuf_iterator<char>(file), {});
            }
        }
        return files;
    }
    /// A server in place of this one, on those files.
    void open_on(const Files& files) {
        close();
        for (const auto& [name, ignored] : this->files()) {
            std::filesystem::remove(nodes.dir.file(name));
        }
        for (const auto& [name, bytes] : files) {
            std::ofstream(nodes.dir.file(name), std::ios::binary) << bytes;
        }
        open();
    }

    void enrol(std::int64_t student) {
        nodes.inside(*nodes.data, net::http::Method::post, "/select/course",
                     json::make_object("student_id", student, "course_id", course));
    }
    /// Hands a batch to the server as a node would; the last sequence it has.
    std::int64_t report(const std::string& source, const std::string& events, std::int64_t last) {
        const std::string body = R"({"source":")" + source + R"(","events":[)" + events +
                                 R"(],"last":)" + std::to_string(last) + "}";
        const Answer answer =
            nodes.inside(*node, net::http::Method::post, "/internal/events", body);
        return answer.body["last"].integer().value_or(-1);
    }
    std::string student_token(std::int64_t id, const std::string& name) {
        return signed_token(auth::UserKind::student, id, name);
    }
    std::string signed_token(auth::UserKind kind, std::int64_t id, const std::string& name) {
        const auto signer = auth::JwtSigner::hs256(test_jwt_secret);
        auth::Claims claims;
        claims.principal = {kind, id, name};
        const auto now = std::chrono::floor<std::chrono::seconds>(nodes.clock.wall_now());
        claims.issued_at = now;
        claims.expires_at = now + std::chrono::hours{1};
        return *signer->sign(claims);
    }

    storage::Faults faults;
    ThreeNodes nodes;
    AddressNode addresses;
    bool addresses_away = false;
    std::unique_ptr<redis::MemoryBroker> others;
    nodes::RevocationList revoked;
    std::unique_ptr<nodes::realtime::RealtimeNode> node;
    std::int64_t course = 0;
    std::int64_t alice = 0;
    std::int64_t bob = 0;

  private:
    static async::Task<> start(nodes::Node& node) {
        const auto started = co_await node.start();
        if (!started) {
            throw std::runtime_error(started.error().to_string());
        }
    }
};

/// One client on long polling. Packets are split at the record separator of Engine.IO 4.
class Poller {
  public:
    Poller(RealtimeSchool& school, const std::string& bearer) : school_(school) {
        const Answer opened = get();
        sid_ = json::Value::parse(std::string_view(opened.text).substr(1))
                   .value()["sid"]
                   .string()
                   .value_or("");
        send("40" + json::make_object("token", bearer));
        poll();
    }
    void send(const std::string& packet) {
        school_.nodes.call(school_.node->handler(), net::http::Method::post, target(), packet, {});
    }
    void emit(const std::string& event, const std::string& payload) {
        send("42[\"" + event + "\"," + payload + "]");
    }
    /// Polls once; what came is added to `packets`.
    void poll() {
        const std::string text = get().text;
        std::size_t from = 0;
        while (from <= text.size() && !text.empty()) {
            const std::size_t end = std::min(text.find('\x1e', from), text.size());
            const std::string packet = text.substr(from, end - from);
            if (packet == "2") {
                send("3");
            } else {
                packets.push_back(packet);
            }
            from = end + 1;
        }
    }
    /// Polls until a packet begins like this; the packet, which is taken out.
    std::string wait(const std::string& start) {
        for (int i = 0; i < 100; ++i) {
            for (auto at = packets.begin(); at != packets.end(); ++at) {
                if (at->starts_with(start)) {
                    std::string found = *at;
                    packets.erase(at);
                    return found;
                }
            }
            poll();
        }
        return "nothing";
    }
    std::string event(const std::string& name) { return wait("42[\"" + name + "\""); }

    std::vector<std::string> packets;

  private:
    Answer get() {
        return school_.nodes.call(school_.node->handler(), net::http::Method::get, target(), "",
                                  {});
    }
    std::string target() const {
        return "/socket.io/?EIO=4&transport=polling" + (sid_.empty() ? "" : "&sid=" + sid_);
    }

    RealtimeSchool& school_;
    std::string sid_;
};

}  // namespace courseselect::test
