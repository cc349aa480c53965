import FoundationEssentials

/// A folder of one test, gone when the test lets it go.
final class TemporaryFolder: Sendable {
    let path: String
    private let isOwn: Bool

    /// A folder that is somebody else's, and stays.
    init(at path: String) {
        self.path = path
        isOwn = false
    }

    init() throws {
        isOwn = true
        let parent = FileManager.default.temporaryDirectory
        path = parent.appending(path: "causeway-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { if isOwn { try? FileManager.default.removeItem(atPath: path) } }
}
