#include "importer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/crypto/digest.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;
using net::http::ClientRequest;
using net::http::ClientResponse;
using net::http::Method;

constexpr std::size_t password_length = 16;
constexpr std::size_t block_rows = 64;       ///< prepared with one write to the disk
constexpr std::int64_t codes_at_once = 100;  // contract/http-api §3.3
constexpr int code_days = 30;                // contract/cli §1.3
constexpr int codes_a_row_max = 3;
/// Logins come first, so a row may wait long for its hash.
constexpr std::chrono::seconds row_timeout{300};
constexpr std::chrono::milliseconds pause_first{250};
constexpr std::chrono::milliseconds pause_max{8'000};

std::chrono::milliseconds pause_after(int tries) {
    return std::min(pause_max, pause_first * (1 << std::min(tries, 5)));
}

bool same_address(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        };
        return lower(x) == lower(y);
    });
}

std::chrono::milliseconds retry_after(const ClientResponse& response) {
    const auto field = response.header("Retry-After");
    int seconds = 0;
    if (field) {
        std::from_chars(field->data(), field->data() + field->size(), seconds);
    }
    return std::chrono::seconds(std::clamp(seconds, 1, 60));
}

}  // namespace

Importer::Importer(AdminApi& api, crypto::RandomSource& random, ImportOptions options)
    : api_(api),
      random_(random),
      options_(std::move(options)),
      making_codes_(api.services().loop()) {}

core::Result<> Importer::scan() {
    COURSESELECT_TRY(auto file, ImportFile::open(options_.path, options_.makes_passwords));
    while (true) {
        COURSESELECT_TRY(auto row, file.next());
        if (!row) {
            break;
        }
        ++tally_.total;
        if (!row->problem.empty()) {
            tally_.failures.emplace(row->number,
                                    ImportFailure{row->line, row->username, row->problem});
        }
    }
    is_done_.resize(static_cast<std::size_t>(tally_.total));
    was_begun_.resize(is_done_.size());
    if (options_.makes_passwords) {
        passwords_.resize(is_done_.size() * password_length);
    }
    key_ = crypto::sha256_hex(fmt::format("{}\n{}\n{}\n{}", file.digest(), options_.user_type,
                                          options_.makes_passwords, api_.session().auth_url))
               .substr(0, 32);
    return {};
}

void Importer::set_password(std::int64_t row, const std::string& password) {
    passwords_.replace(index_of(row) * password_length, password_length, password);
}

std::string Importer::password_of(std::int64_t row) const {
    const std::size_t at = index_of(row) * password_length;
    if (passwords_.empty() || passwords_[at] == '\0') {
        return "";
    }
    return passwords_.substr(at, password_length);
}

core::Result<> Importer::resume(const std::string& directory) {
    COURSESELECT_TRY(auto journal, ImportJournal::open(directory, key_));
    journal_.emplace(std::move(journal));
    const auto is_row = [this](std::int64_t row) { return row >= 1 && row <= tally_.total; };
    for (const ImportJournal::Made& made : journal_->made_before()) {
        if (is_row(made.row) && !passwords_.empty() && made.password.size() == password_length) {
            set_password(made.row, made.password);
            was_begun_[index_of(made.row)] = true;
        }
    }
    for (const ImportJournal::Done& done : journal_->done_before()) {
        if (!is_row(done.row) || is_done_[index_of(done.row)]) {
            continue;
        }
        is_done_[index_of(done.row)] = true;
        ++tally_.succeeded;
        ++tally_.done_before;
        if (done.existed) {
            ++tally_.already_there;
            if (!passwords_.empty()) {
                set_password(done.row, std::string(password_length, '\0'));
            }
        }
    }
    return {};
}

async::Task<core::Result<>> Importer::run(core::UniqueFunction<void(std::int64_t)> on_row) {
    on_row_ = std::move(on_row);
    COURSESELECT_CO_TRY(auto file, ImportFile::open(options_.path, options_.makes_passwords));
    file_.emplace(std::move(file));
    over_ = begun_ = tally_.done_before + std::ssize(tally_.failures);
    async::TaskGroup workers(api_.services().loop());
    for (std::size_t i = 0; i < options_.parallel; ++i) {
        workers.spawn(work(*this));
    }
    co_await workers.join();
    if (broken_) {
        co_return *std::move(broken_);
    }
    co_return core::Result<>();
}

async::Task<> Importer::work(Importer& self) {
    while (auto work = self.next_work()) {
        ++self.under_way_;
        Verdict verdict = Verdict::again;
        while (verdict == Verdict::again) {
            verdict = co_await self.carry_out(*work);
        }
        --self.under_way_;
        const auto settled = self.settle(*work, verdict);
        if (!settled) {
            self.give_up(settled.error());
        }
    }
}

void Importer::give_up(core::Error error) {
    if (!broken_) {
        broken_ = std::move(error);
    }
    pauses_.request_stop();
}

std::optional<Importer::Work> Importer::next_work() {
    if (is_stopping_ || broken_) {
        return std::nullopt;
    }
    if (prepared_.empty()) {
        auto prepared = prepare();
        if (!prepared) {
            give_up(std::move(prepared).error());
            return std::nullopt;
        }
    }
    if (prepared_.empty()) {
        return std::nullopt;
    }
    std::optional<Work> work(std::move(prepared_.front()));
    prepared_.pop_front();
    ++begun_;
    return work;
}

core::Result<> Importer::prepare() {
    std::vector<ImportJournal::Made> made;
    while (prepared_.size() < block_rows) {
        COURSESELECT_TRY(auto row, file_->next());
        if (!row) {
            break;
        }
        if (row->number > tally_.total) {
            return core::Error(Errc::failed_precondition, "file_changed",
                               options_.path + " has changed since it was checked");
        }
        if (!row->problem.empty() || is_done_[index_of(row->number)]) {
            continue;
        }
        Work work{.row = *std::move(row)};
        if (options_.makes_passwords) {
            work.was_begun = was_begun_[index_of(work.row.number)];
            if (!work.was_begun) {
                made.push_back(
                    {work.row.number, std::string(make_account_password(random_).reveal())});
                set_password(work.row.number, made.back().password);
            }
            work.row.password = password_of(work.row.number);
        }
        prepared_.push_back(std::move(work));
    }
    if (!made.empty()) {
        COURSESELECT_TRY_OK(journal_->note_made(made));
    }
    return {};
}

async::Task<Importer::Verdict> Importer::carry_out(Work& work) {
    auto code = co_await take_code();
    if (!code) {
        const core::Error& error = code.error();
        if (error.code() != Errc::unavailable && error.code() != Errc::outcome_unknown &&
            error.code() != Errc::resource_exhausted) {
            give_up(std::move(code).error());
            co_return Verdict::broken;
        }
        std::string why = error.detail();
        const auto pause = pause_after(work.tries);
        co_return co_await wait_and_retry(work, std::move(why), pause);
    }
    const NewAccount account{.user_type = options_.user_type,
                             .username = work.row.username,
                             .password = core::Secret(work.row.password),
                             .name = work.row.name,
                             .email = work.row.email};
    ClientRequest request;
    request.method = Method::post;
    request.target = "/register/v1";
    request.body = registration_body(account, *code);
    auto response = co_await api_.send(std::move(request), row_timeout);
    if (response && response->status == 200) {
        co_return Verdict::done;
    }
    const bool is_unused = response && response->status != 500;
    if (is_unused && cli::refusal_text(*response) != "Invalid or expired registration code") {
        codes_.push_back(*std::move(code));
    }
    if (response) {
        ClientResponse refused = *std::move(response);
        co_return co_await judge(work, std::move(refused));
    }
    if (response.error().code() == Errc::unauthenticated) {
        give_up(std::move(response).error());
        co_return Verdict::broken;
    }
    work.was_begun |= response.error().code() == Errc::outcome_unknown;
    std::string why = response.error().detail();
    const auto pause = pause_after(work.tries);
    co_return co_await wait_and_retry(work, std::move(why), pause);
}

async::Task<Importer::Verdict> Importer::judge(Work& work, ClientResponse response) {
    std::string text = refusal_text(response);
    if (response.status == 429) {
        const auto pause = retry_after(response);
        work.first_try = {};  // whoever says when to come back is not away
        co_return co_await wait_and_retry(work, std::move(text), pause);
    }
    if (response.status == 503) {
        work.was_begun = true;  // the answer of the database may have been lost
        const auto pause = pause_after(work.tries);
        co_return co_await wait_and_retry(work, std::move(text), pause);
    }
    if (text == "Username already exists") {
        co_return co_await look_for_account(work);
    }
    if (text == "Invalid or expired registration code" && ++work.codes < codes_a_row_max) {
        work.was_begun = true;  // used up by a try of ours whose answer was lost, perhaps
        co_return Verdict::again;
    }
    work.failure = std::move(text);
    co_return Verdict::failed;
}

async::Task<Importer::Verdict> Importer::wait_and_retry(Work& work, std::string why,
                                                        std::chrono::milliseconds pause) {
    const core::MonoTime now = api_.services().clock().mono_now();
    if (work.first_try == core::MonoTime{}) {
        work.first_try = now;
    }
    ++work.tries;
    if (is_stopping_ || broken_ || now - work.first_try >= options_.patience) {
        if (!is_stopping_) {
            give_up({Errc::unavailable, "away", std::move(why)});
        }
        co_return Verdict::broken;
    }
    co_await async::sleep_for(api_.services().loop(), pause, pauses_.get_token());
    co_return is_stopping_ || broken_ ? Verdict::broken : Verdict::again;
}

async::Task<Importer::Verdict> Importer::look_for_account(Work& work) {
    net::http::Query query;
    query.add("username", std::string_view(work.row.username));
    std::string target = "/admin/user" + query.str();
    const auto found = co_await api_.call(Method::get, std::move(target), std::string());
    if (!found) {
        std::string why = found.error().detail();
        const auto pause = pause_after(work.tries);
        co_return co_await wait_and_retry(work, std::move(why), pause);
    }
    const std::string email = (*found)["email"].string().value_or("");
    const bool is_same = (*found)["user_type"].string() == options_.user_type &&
                         (*found)["name"].string() == work.row.name &&
                         (work.row.email.empty() || same_address(email, work.row.email));
    if (!is_same) {
        work.failure = "Username already exists";
        co_return Verdict::failed;
    }
    if (!work.was_begun) {
        co_return Verdict::existed;
    }
    // Ours, if the password is: it was on the disk before the account could be made.
    bool is_ours = true;
    if (options_.makes_passwords) {
        is_ours = co_await password_is_right(work);
    }
    co_return is_ours ? Verdict::done : Verdict::existed;
}

async::Task<bool> Importer::password_is_right(const Work& work) {
    ClientRequest request;
    request.method = Method::post;
    request.target = "/login/v1";
    request.body = json::make_object("username", work.row.username, "password", work.row.password);
    const auto response =
        co_await api_.services().send(Node::auth, std::move(request), row_timeout);
    co_return response && response->status == 200;
}

async::Task<core::Result<std::string>> Importer::take_code() {
    const auto guard = co_await making_codes_.lock();
    if (codes_.empty()) {
        // This row's, and those of rows that have not begun.
        const std::int64_t count =
            std::clamp<std::int64_t>(tally_.total - begun_ + 1, 1, codes_at_once);
        std::string body = json::make_object("user_type", options_.user_type, "expires_days",
                                             code_days, "count", count);
        COURSESELECT_CO_TRY(
            const auto made,
            co_await api_.call(Method::post, "/generate/registration-code", std::move(body)));
        if (const auto only = made["code"].string()) {
            codes_.push_back(*only);
        }
        for (const json::Value& code : made["codes"].items()) {
            codes_.push_back(code["code"].string().value_or(""));
        }
        if (codes_.empty()) {
            co_return core::Error(Errc::data_corrupt, "no_code",
                                  "the auth node made no registration code");
        }
    }
    std::string code = std::move(codes_.back());
    codes_.pop_back();
    co_return code;
}

core::Result<> Importer::settle(const Work& work, Verdict verdict) {
    const std::int64_t row = work.row.number;
    if (verdict == Verdict::broken) {
        return {};
    }
    on_row_(++over_);
    if (verdict == Verdict::failed) {
        tally_.failures.emplace(row, ImportFailure{work.row.line, work.row.username, work.failure});
        return {};
    }
    const bool existed = verdict == Verdict::existed;
    is_done_[index_of(row)] = true;
    ++tally_.succeeded;
    if (existed) {
        ++tally_.already_there;
        if (!passwords_.empty()) {
            set_password(row, std::string(password_length, '\0'));
        }
    }
    return journal_->note_done({row, existed});
}

}  // namespace courseselect::cli
