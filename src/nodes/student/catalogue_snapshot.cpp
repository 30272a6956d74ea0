#include "courseselect/nodes/student/catalogue_snapshot.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/json/reader.hpp"

namespace courseselect::nodes::student {

CatalogueSnapshot::CatalogueSnapshot(Runtime runtime, net::http::Client& data_node,
                                     std::string internal_token,
                                     std::chrono::milliseconds call_timeout)
    : runtime_(runtime),
      data_node_(data_node),
      internal_token_(std::move(internal_token)),
      call_timeout_(call_timeout),
      fetching_(runtime.loop) {}

bool CatalogueSnapshot::is_younger_than(std::chrono::milliseconds age) const {
    return is_loaded_ && runtime_.clock.mono_now() - fetched_at_ <= age;
}

const wire::Course* CatalogueSnapshot::find(core::CourseId id) const {
    const auto found = courses_.find(id);
    return found == courses_.end() ? nullptr : &found->second;
}

async::Task<core::Result<>> CatalogueSnapshot::refresh(std::chrono::milliseconds age) {
    const auto guard = co_await fetching_.lock();
    if (is_younger_than(age)) {
        co_return core::Result<>();  // somebody else's call has brought it meanwhile
    }
    co_return co_await fetch();
}

async::Task<core::Result<>> CatalogueSnapshot::fetch() {
    const auto asked_at = runtime_.clock.mono_now();
    net::http::ClientRequest request;
    request.target = fmt::format("/internal/catalogue?epoch={}&structure={}&since={}", epoch_,
                                 structure_, version_);
    request.headers.push_back({"Internal-Token", internal_token_});
    const auto response = co_await data_node_.send(std::move(request), call_timeout_);
    if (!response) {
        co_return core::Error(core::Errc::unavailable, response.error().to_string());
    }
    if (response->status != 200) {
        co_return core::Error(core::Errc::unavailable,
                              fmt::format("the data node answered {}", response->status));
    }
    auto changes = json::parse<wire::Catalogue>(response->body);
    if (!changes) {
        co_return std::move(changes).error();
    }
    apply(*std::move(changes));
    fetched_at_ = asked_at;
    is_loaded_ = true;
    co_return core::Result<>();
}

void CatalogueSnapshot::apply(wire::Catalogue changes) {
    if (changes.full) {
        courses_.clear();
    }
    for (wire::Course& course : changes.courses) {
        const core::CourseId id = course.course_id;
        courses_.insert_or_assign(id, std::move(course));
    }
    epoch_ = changes.epoch;
    structure_ = changes.structure;
    version_ = changes.version;
}

}  // namespace courseselect::nodes::student
