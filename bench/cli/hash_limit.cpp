// How long do so many password hashes take on all processors, with nothing else to do? The limit
// that an import is compared with (import_bench.py). One JSON line: rows, cost, threads, seconds.
//
//   hash_limit ROWS COST THREADS

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "courseselect/auth/password.hpp"
#include "courseselect/crypto/random.hpp"

using namespace courseselect;

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr, "usage: hash_limit ROWS COST THREADS\n");
        return 2;
    }
    const int rows = std::atoi(argv[1]);
    const int cost = std::atoi(argv[2]);
    const int threads = std::atoi(argv[3]);
    crypto::SystemRandomSource random;
    const auto hasher = auth::PasswordHasher::create({.bcrypt_cost = cost}, random);
    if (!hasher || rows < 1 || threads < 1) {
        fmt::print(stderr, "hash_limit: rows, cost and threads must be sensible numbers\n");
        return 2;
    }
    std::atomic<int> next{0};
    std::atomic<int> failures{0};
    const auto start = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < threads; ++i) {
            workers.emplace_back([&] {
                while (next.fetch_add(1) < rows) {
                    if (!hasher->hash(core::Secret(std::string("correct horse")))) {
                        ++failures;
                    }
                }
            });
        }
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    fmt::print("{{\"rows\":{},\"cost\":{},\"threads\":{},\"seconds\":{:.3f}}}\n", rows, cost,
               threads, time.count());
    return failures == 0 ? 0 : 1;
}
