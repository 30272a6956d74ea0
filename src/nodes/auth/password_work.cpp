#include "courseselect/nodes/auth/password_work.hpp"

#include <utility>

namespace courseselect::nodes::accounts {

async::Task<core::Result<std::string>> PasswordWork::hash(core::Secret password, HashLane lane) {
    auto work = [this, password = std::move(password)] {
        ++computations_;
        return hasher_.hash(password);
    };
    async::BlockingPool& threads = lane == HashLane::people ? threads_ : import_threads_;
    auto done = co_await threads.run(loop_, std::move(work));
    if (!done) {
        co_return std::move(done).error();
    }
    co_return *std::move(done);
}

async::Task<core::Result<bool>> PasswordWork::verify(core::Secret password,
                                                     std::optional<std::string> stored) {
    auto work = [this, password = std::move(password), stored = std::move(stored)] {
        ++computations_;
        return stored ? hasher_.verify(password, *stored) : hasher_.verify_unknown_user(password);
    };
    auto done = co_await threads_.run(loop_, std::move(work));
    co_return done;
}

}  // namespace courseselect::nodes::accounts
