import Glibc
import JSONTree
import PodHost

/// What a `hostPath` volume asks of the machine before a pod may see it.
enum HostPath {
    /// Makes what is to be made if missing, and checks the kind of what is there.
    ///
    /// - Returns: why the volume cannot be had, in the kubelet's words; `nil` where it can.
    static func prepare(_ source: JSON) -> String? {
        let path = source["path"]?.string ?? ""
        let type = source["type"]?.string ?? ""
        var status = stat()
        if stat(path, &status) != 0 {
            do throws(SystemError) {
                switch type {
                case "DirectoryOrCreate": try PodFiles.makeFolders(path, mode: 0o755)
                case "FileOrCreate": try PodFiles.replace(path, with: [], mode: 0o644)
                case "": return nil
                default: return "hostPath type check failed: \(path) is not \(words[type] ?? type)"
                }
            } catch {
                return "\(error)"
            }
            guard stat(path, &status) == 0 else { return "hostPath type check failed: \(path) does not exist" }
        }
        let kinds: [String: mode_t] = [
            "Directory": S_IFDIR, "DirectoryOrCreate": S_IFDIR, "File": S_IFREG, "FileOrCreate": S_IFREG,
            "Socket": S_IFSOCK, "CharDevice": S_IFCHR, "BlockDevice": S_IFBLK,
        ]
        guard let kind = kinds[type], status.st_mode & S_IFMT != kind else { return nil }
        return "hostPath type check failed: \(path) is not \(words[type] ?? type)"
    }

    private static let words = [
        "Directory": "a directory", "DirectoryOrCreate": "a directory", "File": "a file", "FileOrCreate": "a file",
        "Socket": "a socket file", "CharDevice": "a character device", "BlockDevice": "a block device",
    ]
}
