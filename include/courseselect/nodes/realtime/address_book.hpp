#pragma once
/// `AddressBook`: the addresses by which events name people.

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "courseselect/async/batcher.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"

namespace courseselect::nodes::realtime {

struct AddressBookOptions {
    std::chrono::seconds kept{300};  ///< then the auth node is asked again
    std::size_t kept_max = 50'000;   ///< names; when it is full it is emptied
    std::chrono::milliseconds call_timeout{2'000};
};

/// Asks the auth node for email addresses by user name, many in one call, and keeps them for a
/// while. Whoever has no address, or while the auth node is away, is called by the user name.
/// Thread-safety: the runtime's loop. `stop()` before destruction.
class AddressBook {
  public:
    AddressBook(Runtime runtime, net::http::Client& auth_node, std::string internal_token,
                AddressBookOptions options = {});

    /// What to call these users, in order; an empty name stays empty.
    [[nodiscard]] async::Task<std::vector<std::string>> look_up(std::vector<std::string> names);
    [[nodiscard]] async::Task<std::string> look_up(std::string name);
    [[nodiscard]] async::Task<> stop() { return calls_.stop(); }

  private:
    struct Entry {
        std::string address;
        core::MonoTime at;
    };
    [[nodiscard]] const Entry* find(const std::string& name) const;
    [[nodiscard]] async::Task<core::Result<std::vector<std::string>>> ask(
        std::vector<std::string> names);

    Runtime runtime_;
    net::http::Client& auth_node_;
    std::string internal_token_;
    AddressBookOptions options_;
    std::unordered_map<std::string, Entry> entries_;
    async::Batcher<std::string, std::string> calls_;
};

}  // namespace courseselect::nodes::realtime
