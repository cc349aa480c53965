import CLinuxShims
import Glibc
import PodRecords

/// Finds by trying which namespaces this process may make: rights, kernel settings and seccomp filters all have a say.
enum IsolationTrial {
    static func best() -> Isolation {
        let namespaces =
            causeway_new_pid | causeway_new_mount | causeway_new_uts | causeway_new_ipc | causeway_new_net
        if succeeds(namespaces) { return .privileged }
        return succeeds(namespaces | causeway_new_user) ? .userNamespace : .none
    }

    private static func succeeds(_ namespaces: Int32) -> Bool {
        let child = causeway_fork()
        if child == 0 {
            let user = getuid()
            guard causeway_unshare(namespaces) == 0 else { _exit(1) }
            _exit(namespaces & causeway_new_user == 0 || maps(user) ? 0 : 1)
        }
        guard child > 0 else { return false }
        var status: Int32 = 1
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    private static func maps(_ user: uid_t) -> Bool {
        let file = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        let text = Array("0 \(user) 1".utf8)
        return write(file, text, text.count) == text.count
    }
}
