@preconcurrency import Dispatch
import Glibc
import PodHost
import Synchronization

/// Tells which files in some folders were renamed into place or closed after writing: inotify with a handler.
final class FolderWatch: Sendable {
    struct Change: Sendable, Hashable {
        /// What the folder was added as.
        let key: String
        let file: String
    }

    private let handler: @Sendable (Change?) -> Void
    private let file: Int32
    private let source: any DispatchSourceRead
    private let watches = Mutex<(keys: [Int32: String], numbers: [String: Int32])>(([:], [:]))
    private let mask: UInt32

    /// - Parameters:
    ///   - seesWriting: also tells of every write.
    ///   - handler: hears each change once, in order; `nil` when changes were lost and everything is to be looked at.
    init(seesWriting: Bool = false, _ handler: @escaping @Sendable (Change?) -> Void) throws(SystemError) {
        self.handler = handler
        file = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard file >= 0 else { throw .last("make an inotify instance (see fs.inotify.max_user_instances)") }
        mask = UInt32(IN_MOVED_TO) | UInt32(IN_CLOSE_WRITE) | (seesWriting ? UInt32(IN_MODIFY) | UInt32(IN_CREATE) : 0)
        source = DispatchSource.makeReadSource(
            fileDescriptor: file, queue: DispatchQueue(label: "causeway.folder-watch"))
        let file = file
        source.setEventHandler { [weak self] in self?.take() }
        source.setCancelHandler { close(file) }
        source.resume()
    }

    deinit { source.cancel() }

    func add(_ path: String, as key: String) throws(SystemError) {
        let number = inotify_add_watch(file, path, mask)
        guard number >= 0 else { throw .last("watch \(path) (see fs.inotify.max_user_watches)") }
        watches.withLock {
            $0.keys[number] = key
            $0.numbers[key] = number
        }
    }

    func remove(_ key: String) {
        let number = watches.withLock { watches -> Int32? in
            guard let number = watches.numbers.removeValue(forKey: key) else { return nil }
            watches.keys[number] = nil
            return number
        }
        if let number { inotify_rm_watch(file, number) }
    }

    private func take() {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { return }
            var place = 0
            // struct inotify_event: watch, mask, cookie, length of the name, the name padded with zeros.
            while place + 16 <= count {
                let (number, mask, length) = buffer.withUnsafeBytes {
                    (
                        $0.loadUnaligned(fromByteOffset: place, as: Int32.self),
                        $0.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self),
                        Int($0.loadUnaligned(fromByteOffset: place + 12, as: UInt32.self))
                    )
                }
                let name = buffer[min(place + 16, count)..<min(place + 16 + length, count)].prefix { $0 != 0 }
                place += 16 + length
                if mask & UInt32(IN_Q_OVERFLOW) != 0 {
                    handler(nil)
                } else if let key = watches.withLock({ $0.keys[number] }) {
                    handler(Change(key: key, file: String(decoding: name, as: UTF8.self)))
                }
            }
        }
    }
}
