#include "courseselect/chat/config.hpp"

#include <doctest/doctest.h>

using namespace courseselect;

namespace {

const char* const short_secret = "0123456789";

}  // namespace

TEST_SUITE("chat/config") {
    TEST_CASE("without settings: everybody may come, own accounts, limits on") {
        core::Environment environment;
        const auto config = chat::read_config(environment);
        CHECK(environment.check());
        CHECK(config.host == "0.0.0.0");
        CHECK(config.port == 5555);
        CHECK_FALSE(config.tls);
        CHECK(config.server.has_limits);
        CHECK(config.server.accounts.has_passwords);
        CHECK(config.jwt_secret.empty());
        CHECK(config.store.is_power_safe);
        CHECK(config.server.lines.output_bytes_max == 1024 * 1024);
    }

    TEST_CASE("--dev listens on this machine only unless told otherwise") {
        core::Environment environment;
        environment.set_flag("COURSESELECT_DEV", "true");
        CHECK(chat::read_config(environment).host == "127.0.0.1");
        environment.set_variable("CHAT_HOST", "0.0.0.0");
        CHECK(chat::read_config(environment).host == "0.0.0.0");
    }

    TEST_CASE("with an auth node there is one directory, and its secret is needed") {
        core::Environment environment;
        environment.set_variable("AUTH_NODE_URL", "http://127.0.0.1:8002");
        CHECK_FALSE(chat::read_config(environment).server.accounts.has_passwords);
        CHECK_FALSE(environment.check());
        core::Environment whole;
        whole.set_variable("AUTH_NODE_URL", "http://127.0.0.1:8002");
        whole.set_variable("JWT_SECRET_KEY", short_secret);
        const auto config = chat::read_config(whole);
        CHECK(whole.check());
        CHECK(config.jwt_secret.reveal() == short_secret);
        whole.set_variable("CHAT_ACCOUNTS", "own");
        CHECK(chat::read_config(whole).server.accounts.has_passwords);
    }

    TEST_CASE("a certificate without its key is a fault") {
        core::Environment environment;
        environment.set_variable("TLS_CERTIFICATE", "a.pem");
        static_cast<void>(chat::read_config(environment));
        CHECK_FALSE(environment.check());
    }

    TEST_CASE("an idle timeout leaves time for the ping and its answer") {
        core::Environment environment;
        environment.set_variable("CHAT_IDLE_TIMEOUT", "10s");
        const auto& lines = chat::read_config(environment).server.lines;
        CHECK(lines.idle_timeout == std::chrono::seconds{10});
        CHECK(lines.quiet_after == std::chrono::seconds{9});
    }
}
