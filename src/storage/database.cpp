#include "courseselect/storage/database.hpp"

#include "sqlite_database.hpp"

namespace courseselect::storage {

namespace {

core::Error url_error(const char* reason, std::string detail) {
    return {core::Errc::invalid_argument, reason, "DATABASE_URL: " + std::move(detail)};
}

}  // namespace

core::Result<DatabaseUrl> DatabaseUrl::parse(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) {
        return url_error("database_url",
                         "expected sqlite:///path, got '" + std::string(text) + "'");
    }
    const std::string_view scheme = text.substr(0, colon);
    if (scheme != "sqlite") {
        return url_error("unknown_engine", "this build has no engine for '" + std::string(scheme) +
                                               "' (it has: sqlite)");
    }
    std::string_view path = text.substr(colon + 3);
    if (path.empty() || path == "/:memory:") {
        return DatabaseUrl{};
    }
    if (path.front() != '/') {
        return url_error("database_url",
                         "a file is named with three slashes (sqlite:///relative/path) or four "
                         "(sqlite:////absolute/path)");
    }
    path.remove_prefix(1);
    if (path.empty() || path.back() == '/') {
        return url_error("database_url", "the file name is missing");
    }
    if (path.find_first_of(std::string_view("?#\0", 3)) != std::string_view::npos) {
        return url_error("database_url", "options after '?' or '#' are not supported");
    }
    return DatabaseUrl{.engine = Engine::sqlite, .path = std::string(path)};
}

core::Result<std::unique_ptr<Database>> Database::open(const DatabaseUrl& url,
                                                       DatabaseOptions options) {
    return sqlite::SqliteDatabase::open(url.path, options);  // the only engine so far
}

}  // namespace courseselect::storage
