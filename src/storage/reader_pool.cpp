#include "courseselect/storage/reader_pool.hpp"

#include "courseselect/core/check.hpp"

namespace courseselect::storage {

core::Result<std::unique_ptr<ReaderPool>> ReaderPool::open(async::EventLoop& loop,
                                                           Database& database,
                                                           ReaderPoolOptions options) {
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::size_t i = 0; i < options.connections; ++i) {
        COURSESELECT_TRY(auto connection, database.connect_reader());
        connections.push_back(std::move(connection));
    }
    return std::unique_ptr<ReaderPool>(new ReaderPool(loop, options, std::move(connections)));
}

std::unique_ptr<Connection> ReaderPool::borrow() {
    const std::lock_guard lock(mutex_);
    COURSESELECT_CHECK(!idle_.empty());
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
}

}  // namespace courseselect::storage
