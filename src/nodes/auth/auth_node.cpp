#include "courseselect/nodes/auth/auth_node.hpp"

#include <utility>

#include "courseselect/nodes/auth/account_maker.hpp"
#include "courseselect/nodes/auth/account_remover.hpp"
#include "courseselect/nodes/auth/administration.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/auth/control_feed.hpp"
#include "courseselect/nodes/auth/course_admin.hpp"
#include "courseselect/nodes/auth/directory.hpp"
#include "courseselect/nodes/auth/housekeeping.hpp"
#include "courseselect/nodes/auth/login.hpp"
#include "courseselect/nodes/auth/mail_room.hpp"
#include "courseselect/nodes/auth/notice_rounds.hpp"
#include "courseselect/nodes/auth/notification_admin.hpp"
#include "courseselect/nodes/auth/own_account.hpp"
#include "courseselect/nodes/auth/profile_outbox.hpp"
#include "courseselect/nodes/auth/registration.hpp"
#include "courseselect/nodes/auth/reset_codes.hpp"
#include "courseselect/nodes/auth/sessions.hpp"
#include "courseselect/nodes/auth/student_tags.hpp"
#include "courseselect/nodes/auth/system_settings.hpp"
#include "courseselect/nodes/auth/two_factor.hpp"
#include "courseselect/nodes/auth/user_admin.hpp"
#include "courseselect/nodes/auth/user_contacts.hpp"
#include "courseselect/nodes/auth/user_files.hpp"
#include "courseselect/nodes/auth/user_management.hpp"
#include "courseselect/nodes/health.hpp"
#include "courseselect/nodes/parts.hpp"

namespace courseselect::nodes::accounts {

AuthNode::AuthNode(std::unique_ptr<net::http::Client> data_node)
    : data_node_(std::move(data_node)) {}

AuthNode::~AuthNode() = default;

core::Result<std::unique_ptr<AuthNode>> AuthNode::open(
    Runtime runtime, AuthNodeOptions options, std::unique_ptr<net::http::Client> data_node) {
    COURSESELECT_CHECK(data_node != nullptr);
    std::unique_ptr<AuthNode> node(new AuthNode(std::move(data_node)));
    COURSESELECT_TRY(node->state_, AuthState::open(runtime, std::move(options)));
    AuthState& state = *node->state_;
    state.options.service.bad_token_text = "Invalid token";
    node->outbox_ = std::make_unique<ProfileOutbox>(state, *node->data_node_);
    node->housekeeping_ = std::make_unique<Housekeeping>(state);
    node->accounts_ = std::make_unique<AccountMaker>(state, *node->outbox_);
    node->remover_ = std::make_unique<AccountRemover>(state, *node->data_node_);
    node->registration_ = std::make_unique<Registration>(state, *node->accounts_);
    node->login_ = std::make_unique<Login>(state);
    node->two_factor_ = std::make_unique<TwoFactor>(state);
    node->sessions_ = std::make_unique<Sessions>(state);
    node->administration_ = std::make_unique<Administration>(state);
    node->own_account_ = std::make_unique<OwnAccount>(state);
    node->reset_codes_ = std::make_unique<ResetCodes>(state);
    node->user_admin_ =
        std::make_unique<UserAdmin>(state, *node->accounts_, *node->remover_, *node->data_node_);
    node->contacts_ = std::make_unique<UserContacts>(state);
    node->files_ = std::make_unique<UserFiles>(state, *node->outbox_, *node->data_node_);
    node->student_tags_ = std::make_unique<StudentTags>(state, *node->data_node_);
    node->course_admin_ = std::make_unique<CourseAdmin>(state, *node->data_node_);
    node->users_ = std::make_unique<UserManagement>(state, *node->accounts_, *node->remover_,
                                                    *node->data_node_);
    node->settings_ = std::make_unique<SystemSettings>(state);
    node->feed_ = std::make_unique<ControlFeed>(state);
    node->rounds_ = std::make_unique<NoticeRounds>(state, *node->data_node_);
    node->mail_room_ = std::make_unique<MailRoom>(state);
    node->notifications_ = std::make_unique<NotificationAdmin>(state);
    state.control.subscribe([&state, room = node->mail_room_.get()](const Settings& settings) {
        state.notices.use(settings.notifications);
        room->use(settings.notifications);
    });
    node->service_ =
        std::make_unique<api::Service>(runtime.clock, state.options.service, &state.tokens);
    node->add_routes();
    return node;
}

void AuthNode::add_routes() {
    add_health(*service_, *this);
    registration_->add_routes(*service_);
    login_->add_routes(*service_);
    two_factor_->add_routes(*service_);
    sessions_->add_routes(*service_);
    administration_->add_routes(*service_);
    own_account_->add_routes(*service_);
    reset_codes_->add_routes(*service_);
    user_admin_->add_routes(*service_);
    contacts_->add_routes(*service_);
    files_->add_routes(*service_);
    student_tags_->add_routes(*service_);
    course_admin_->add_routes(*service_);
    users_->add_routes(*service_);
    settings_->add_routes(*service_);
    feed_->add_routes(*service_);
    notifications_->add_routes(*service_);
    add_directory_routes(*service_, *state_);
}

async::Task<core::Result<>> AuthNode::start() {
    COURSESELECT_CO_TRY_OK(co_await settings_->load());
    auto made = co_await administration_->make_first_admins();
    if (made) {
        outbox_->start();
        remover_->start();
        housekeeping_->start();
        rounds_->start();
        mail_room_->start();
    }
    co_return made;
}

void AuthNode::drain() { state_->control.close(); }

async::Task<> AuthNode::stop() {
    drain();
    co_await rounds_->stop();
    co_await mail_room_->stop();
    co_await housekeeping_->stop();
    co_await remover_->stop();
    co_await outbox_->stop();
    co_await state_->tasks.join();
    co_await state_->writes->stop();
}

NodeParts AuthNode::parts() {
    NodeParts parts;
    parts.writes = state_->writes.get();
    parts.readers = state_->readers.get();
    parts.hashing_queued = state_->passwords.queued();
    parts.notifications = mail_room_->health();
    parts.more = [this](metrics::Scrape& scrape) {
        mail_room_->collect(scrape);
        scrape.counter("courseselect_password_computations_total", "Passwords hashed and checked.",
                       state_->passwords.computations());
    };
    return parts;
}

async::Task<> AuthNode::deliver_profiles() {
    co_await remover_->deliver_due();  // first: it frees names that a new profile may have
    co_await outbox_->deliver_due();
}

async::Task<std::size_t> AuthNode::deliver_messages() {
    co_await rounds_->go_round();
    const std::size_t tried = co_await mail_room_->deliver_due();
    co_return tried;
}

async::Task<core::Result<std::int64_t>> AuthNode::purge() { return housekeeping_->purge(); }

}  // namespace courseselect::nodes::accounts
