#include "courseselect/notify/sender.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "../support/temp_dir.hpp"
#include "sink_process.hpp"

namespace courseselect::notify {
namespace {

const Message greeting{.channel = Channel::email,
                       .recipient = "ann@example.org",
                       .subject = "Platz in Übung: ein Betreff, der länger als eine Zeile ist 选课",
                       .text = "Hällo\n.\nEnde\n"};
const core::WallTime written_at{std::chrono::seconds{1'700'000'000}};
const Message text_message{.channel = Channel::sms,
                           .recipient = "+4912345678",
                           .subject = "",
                           .text = "Seat in \"A&B\" + ü\n"};

SmtpOptions options_for(const test::SinkProcess& sink) {
    return {.host = "127.0.0.1",
            .port = sink.port(),
            .security = SmtpSecurity::none,
            .from = "courses@school.example"};
}

std::unique_ptr<Sender> smtp(SmtpOptions options) {
    auto made = make_smtp_sender(std::move(options));
    REQUIRE(made.has_value());
    return *std::move(made);
}

std::unique_ptr<Sender> sms(SmsOptions options) {
    auto made = make_sms_sender(std::move(options));
    REQUIRE(made.has_value());
    return *std::move(made);
}

struct Certificate {
    Certificate() {
        const std::string command = fmt::format(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
            "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
            "-keyout {} -out {} 2>/dev/null",
            key, file);
        REQUIRE(std::system(command.c_str()) == 0);
    }
    test::TempDir directory;
    std::string file = directory.file("cert.pem");
    std::string key = directory.file("key.pem");
};

}  // namespace

TEST_SUITE("notify/sender") {
    TEST_CASE("a mail server gets the mail as it was written") {
        test::SinkProcess sink({"smtp", "", ""});
        const DeliveryResult result = smtp(options_for(sink))->send(greeting, "n-1", written_at);
        CHECK(result.outcome == Delivery::sent);
        const std::string line = sink.next();
        const auto mail = json::Value::parse(line);
        REQUIRE(mail.has_value());
        CHECK((*mail)["from"].string() == "courses@school.example");
        CHECK((*mail)["to"][0].string() == "ann@example.org");
        CHECK((*mail)["subject"].string() == greeting.subject);
        CHECK((*mail)["header_from"].string() == "Course selection <courses@school.example>");
        CHECK((*mail)["id"].string() == "<n-1@school.example>");
        CHECK((*mail)["date"].string() == "Tue, 14 Nov 2023 22:13:20 +0000");
        CHECK((*mail)["text"].string() == greeting.text);
    }

    TEST_CASE("STARTTLS and login; the certificate is checked") {
        const Certificate certificate;
        test::SinkProcess sink({"smtp-auth", certificate.file, certificate.key});
        SmtpOptions options = options_for(sink);
        options.security = SmtpSecurity::starttls;
        options.username = "courses";
        options.password = core::Secret("correct horse");

        SUBCASE("with the server's CA it is sent, encrypted, as that user") {
            options.ca_file = certificate.file;
            CHECK(smtp(options)->send(greeting, "n-1", written_at).outcome == Delivery::sent);
            const std::string line = sink.next();
            const auto mail = json::Value::parse(line);
            CHECK((*mail)["tls"].boolean() == true);
            CHECK((*mail)["user"].string() == "courses");
        }
        SUBCASE("an unknown CA is tried again, not sent") {
            const DeliveryResult result = smtp(options)->send(greeting, "n-1", written_at);
            CHECK(result.outcome == Delivery::try_again);
            CHECK(result.detail.find("certificate") != std::string::npos);
        }
        SUBCASE("a wrong password is ours to correct, and is not told") {
            options.ca_file = certificate.file;
            options.password = core::Secret("wrong horse");
            const DeliveryResult result = smtp(options)->send(greeting, "n-1", written_at);
            CHECK(result.outcome == Delivery::try_again);
            CHECK(result.detail.find("horse") == std::string::npos);
        }
    }

    TEST_CASE("STARTTLS that the server does not offer is not gone without") {
        test::SinkProcess sink({"smtp", "", ""});
        SmtpOptions options = options_for(sink);
        options.security = SmtpSecurity::starttls;
        CHECK(smtp(options)->send(greeting, "n-1", written_at).outcome == Delivery::try_again);
    }

    TEST_CASE("what the server says for good is a refusal, what it says for now is not") {
        test::SinkProcess refuses({"smtp-refuse", "", ""});
        const DeliveryResult refused =
            smtp(options_for(refuses))->send(greeting, "n-1", written_at);
        CHECK(refused.outcome == Delivery::refused);
        CHECK(refused.detail.find("550") != std::string::npos);
        test::SinkProcess is_busy({"smtp-busy", "", ""});
        CHECK(smtp(options_for(is_busy))->send(greeting, "n-1", written_at).outcome ==
              Delivery::try_again);
    }

    TEST_CASE("a server that is away is tried again") {
        SmtpOptions options;
        {
            const test::SinkProcess sink({"smtp", "", ""});
            options = options_for(sink);
        }
        CHECK(smtp(options)->send(greeting, "n-1", written_at).outcome == Delivery::try_again);
    }

    TEST_CASE("a message that could break the protocol is refused before it leaves") {
        const auto sender = smtp({.host = "127.0.0.1", .from = "a@b.c"});
        Message bad = greeting;
        bad.recipient = "a@b.c>\r\nDATA";
        CHECK(sender->send(bad, "n-1", written_at).outcome == Delivery::refused);
    }

    TEST_CASE("the settings of a mail server are checked") {
        CHECK(make_smtp_sender({.host = "", .from = "a@b.c"}).error().reason() == "smtp_host");
        CHECK(make_smtp_sender({.host = "a/b", .from = "a@b.c"}).error().reason() == "smtp_host");
        CHECK(make_smtp_sender({.host = "h", .from = "nobody"}).error().reason() == "smtp_from");
        CHECK(make_smtp_sender({.host = "h", .from = "a@b.c", .from_name = "a\nb"})
                  .error()
                  .reason() == "smtp_from");
    }

    TEST_CASE("a gateway gets one request, everything escaped for where it stands") {
        test::SinkProcess sink({"http", "200"});
        const std::string url = fmt::format("http://127.0.0.1:{}/send", sink.port());
        SUBCASE("JSON") {
            const auto sender =
                sms({.url = url + "?to={{to}}", .authorization = core::Secret("Authorization: k")});
            CHECK(sender->send(text_message, "n-1", written_at).outcome == Delivery::sent);
            const std::string line = sink.next();
            const auto request = json::Value::parse(line);
            CHECK((*request)["path"].string() == "/send?to=%2B4912345678");
            CHECK((*request)["key"].string() == "k");
            const std::string body((*request)["body"].string().value_or(""));
            const auto sent = json::Value::parse(body);
            REQUIRE(sent.has_value());
            CHECK((*sent)["to"].string() == text_message.recipient);
            CHECK((*sent)["text"].string() == text_message.text);
            CHECK((*sent)["id"].string() == "n-1");
        }
        SUBCASE("a form") {
            const auto sender = sms({.url = url,
                                     .content_type = "application/x-www-form-urlencoded",
                                     .body = "to={{to}}&text={{text}}"});
            CHECK(sender->send(text_message, "n-1", written_at).outcome == Delivery::sent);
            const std::string line = sink.next();
            const auto request = json::Value::parse(line);
            CHECK((*request)["body"].string() ==
                  "to=%2B4912345678&text=Seat%20in%20%22A%26B%22%20%2B%20%C3%BC%0A");
        }
    }

    TEST_CASE("a gateway's status decides") {
        const std::pair<int, Delivery> table[] = {
            {201, Delivery::sent},      {302, Delivery::try_again}, {400, Delivery::refused},
            {401, Delivery::try_again}, {404, Delivery::refused},   {408, Delivery::try_again},
            {429, Delivery::try_again}, {500, Delivery::try_again}, {503, Delivery::try_again}};
        for (const auto& [status, outcome] : table) {
            CAPTURE(status);
            test::SinkProcess sink({"http", std::to_string(status)});
            const auto sender = sms({.url = fmt::format("http://127.0.0.1:{}/", sink.port())});
            CHECK(sender->send(text_message, "n-1", written_at).outcome == outcome);
        }
    }

    TEST_CASE("the settings of a gateway are checked") {
        const auto reason = [](SmsOptions options) {
            const auto made = make_sms_sender(std::move(options));
            return made ? std::string() : std::string(made.error().reason());
        };
        CHECK(reason({.url = "https://x"}).empty());
        CHECK(reason({.url = "ftp://x"}) == "sms_url");
        CHECK(reason({.url = "https://x", .content_type = "text/xml"}) == "sms_content_type");
        CHECK(reason({.url = "https://x", .body = "{{to}}"}) == "sms_body");
        CHECK(reason({.url = "https://x", .authorization = core::Secret("a\nb")}) ==
              "sms_authorization");
    }
}

}  // namespace courseselect::notify
