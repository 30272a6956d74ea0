#pragma once
/// Made-up people: names, unique usernames, passwords, student numbers.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "courseselect/crypto/random.hpp"

namespace courseselect::apps {

struct MadeUpUser {
    std::string username;  ///< `first.last`, unique: a repeat gets a number from 1 upwards
    std::string name;
    std::string email;
    std::string password;    ///< 12 random bytes as 16 URL-safe characters; never begins with `-`
    std::string student_id;  ///< `S` and six digits, unique
};

/// Makes one user after the other, the same ones from the same random bytes.
class UserGenerator {
  public:
    /// As many as there are student numbers.
    static constexpr std::size_t users_max = 1'000'000;

    /// `random` must outlive the generator.
    explicit UserGenerator(crypto::RandomSource& random);

    /// Call at most `users_max` times.
    [[nodiscard]] MadeUpUser next();

  private:
    [[nodiscard]] std::size_t below(std::size_t bound);
    [[nodiscard]] std::string password();
    [[nodiscard]] std::string student_id();

    crypto::RandomSource& random_;
    std::map<std::string, std::size_t> taken_;  ///< username without number → users who have it
    std::size_t number_;                        ///< the last student number
    std::size_t number_step_;
};

}  // namespace courseselect::apps
