#pragma once
/// The daemons as child processes in a scratch directory: started, killed and restarted by name.
/// Used by the rush bench and by the crash and system tests.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace courseselect::bench {

struct FleetOptions {
    std::filesystem::path programs;   ///< where course-data-node ... are
    std::filesystem::path directory;  ///< databases, sockets and logs go here
    std::string internal_token = "rush-internal-token-0123456789";
    std::string jwt_secret = "rush-jwt-secret-key-0123456789-0123456789";
    bool rate_limits = false;
    bool use_sockets = true;
    /// More environment for all daemons.
    std::map<std::string, std::string> environment;
};

/// Thread-safety: one thread. The destructor kills what still runs.
class Fleet {
  public:
    /// Picks a free TCP port for each of data, auth, teacher, student, queue.
    explicit Fleet(FleetOptions options);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    /// Starts `name` ("data") and waits until its /health answers; throws std::runtime_error with
    /// the end of its log when it does not within `limit`.
    void start(const std::string& name, std::chrono::milliseconds limit = std::chrono::seconds{30});
    /// Sends SIGKILL and reaps. Nothing happens when it does not run.
    void kill(const std::string& name);
    /// Sends SIGTERM and waits; returns the exit code, or 128 + signal. -1: it did not run.
    int stop(const std::string& name);

    struct CommandResult {
        int exit_code = 0;   ///< 128 + signal when a signal ended it
        std::string output;  ///< standard output and error
    };
    /// Runs the program of `name` with these arguments in the daemons' environment to its end.
    [[nodiscard]] CommandResult run(const std::string& name, std::vector<std::string> arguments);

    [[nodiscard]] bool is_running(const std::string& name) const;
    [[nodiscard]] std::uint16_t port(const std::string& name) const;
    [[nodiscard]] pid_t pid(const std::string& name) const;
    [[nodiscard]] std::filesystem::path database(const std::string& name) const;
    [[nodiscard]] const FleetOptions& options() const { return options_; }
    /// CPU seconds (user + system) a running daemon has used so far.
    [[nodiscard]] double cpu_seconds(const std::string& name) const;
    /// Resident memory of a running daemon, in KiB.
    [[nodiscard]] long resident_kib(const std::string& name) const;

  private:
    struct Member {
        std::uint16_t port = 0;
        pid_t pid = 0;
    };
    [[nodiscard]] pid_t launch(const std::string& name, const std::vector<std::string>& arguments,
                               const std::filesystem::path& log) const;
    [[nodiscard]] std::vector<std::string> environment_of(const std::string& name) const;
    [[nodiscard]] const Member& member(const std::string& name) const;

    FleetOptions options_;
    std::map<std::string, Member> members_;
};

}  // namespace courseselect::bench
