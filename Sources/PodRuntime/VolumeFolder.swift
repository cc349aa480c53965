import Glibc
import PodHost
import PodRecords

/// The folder of a volume whose files the daemon renders: a reader sees all of the old files or all of the new ones.
///
/// As Kubernetes lays it out: the files lie in a folder of their own, `..data` points at the present one, and each entry of
/// the volume is a link through `..data`; an update makes a new folder and moves `..data`.
struct VolumeFolder {
    let path: String

    private static let present = "..data"

    /// Makes the volume hold exactly these files; nothing is written where it does already.
    func write(_ files: [PodPlanner.VolumeFile]) throws(SystemError) {
        let old = target(of: Self.present)
        if let old, holds(files, old) { return }
        try PodFiles.makeFolders(path, mode: 0o755)
        let new = "..\(HostClock.now().wall.nanoseconds)"
        let folder = "\(path)/\(new)"
        try PodFiles.makeFolders(folder, mode: 0o755)
        for file in files {
            let place = "\(folder)/\(file.path)"
            if let slash = place.lastIndex(of: "/") { try PodFiles.makeFolders(String(place[..<slash]), mode: 0o755) }
            try PodFiles.replace(place, with: file.content)
            guard chmod(place, mode_t(file.mode & 0o777)) == 0 else { throw .last("chmod \(place)") }
        }
        try link("..data", to: new)
        let entries = Set(files.compactMap { $0.path.split(separator: "/").first.map(String.init) })
        let before = Set(PodFiles.names(in: path).filter { !$0.hasPrefix("..") })
        for entry in before.subtracting(entries) { unlink("\(path)/\(entry)") }
        for entry in entries.subtracting(before) { try link(entry, to: "\(Self.present)/\(entry)") }
        if let old { PodFiles.removeAll("\(path)/\(old)") }
    }

    private func target(of link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 1024)
        let count = readlink("\(path)/\(link)", &buffer, buffer.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func holds(_ files: [PodPlanner.VolumeFile], _ folder: String) -> Bool {
        guard Self.count(in: "\(path)/\(folder)") == files.count else { return false }
        return files.allSatisfy { (try? PodFiles.read("\(path)/\(folder)/\($0.path)")) == $0.content }
    }

    /// How many files a folder holds, at any depth.
    private static func count(in folder: String) -> Int {
        PodFiles.names(in: folder).reduce(0) { sum, name in
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0 else { return sum }
            return sum + (status.st_mode & S_IFMT == S_IFDIR ? count(in: "\(folder)/\(name)") : 1)
        }
    }

    private func link(_ name: String, to target: String) throws(SystemError) {
        let new = "\(path)/\(name).new"
        unlink(new)
        guard symlink(target, new) == 0, rename(new, "\(path)/\(name)") == 0 else {
            throw .last("link \(path)/\(name)")
        }
    }
}
