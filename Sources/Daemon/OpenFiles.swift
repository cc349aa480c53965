import Glibc

/// How many files and sockets this process may have open.
enum OpenFiles {
    /// Raises the limit as far as the system lets it: shells and services start programs with 1,024, for the sake of old ones
    /// that cannot count further, and a thousand watches are more.
    static func raiseLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(resource, &limit)
    }
}
