import Foundation
import Testing

@testable import Daemon

@Suite("Files of a daemon's state")
final class StateFilesTests {
    private let folder = NSTemporaryDirectory() + "causeway-state-\(UInt64.random(in: 0...UInt64.max))"

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What reading says of a file with this content.
    private func complaint(_ name: String, _ content: String, _ read: (StateFiles) throws -> Void) throws -> String {
        let files = try StateFiles(folder)
        let path = "\(folder)/\(name)"
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data(content.utf8), attributes: [.posixPermissions: 0o600]))
        do {
            try read(files)
        } catch {
            #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
            return "\(error)"
        }
        Issue.record("\(name) with \"\(content)\" was taken")
        return ""
    }

    @Test("what was made once is the same after a restart")
    func kept() throws {
        let id = try StateFiles(folder).clusterID()
        #expect(try StateFiles(folder).clusterID() == id)
        _ = try StateFiles(folder).peeringAuthority(clusterID: id, now: 1000)
        let authority = try String(contentsOfFile: "\(folder)/peering-authority.json", encoding: .utf8)
        _ = try StateFiles(folder).peeringAuthority(clusterID: id, now: 2000)
        #expect(try String(contentsOfFile: "\(folder)/peering-authority.json", encoding: .utf8) == authority)
        let port = try StateFiles(folder).port("peer", host: "127.0.0.1")
        #expect(try StateFiles(folder).port("peer", host: "127.0.0.1") == port)
    }

    @Test("a cluster's own id is kept, and another cluster's folder is refused")
    func givenID() throws {
        let id = "0b1e5a52-6a0c-4bd0-8f44-0d1c0a4f2a11"
        #expect(try StateFiles(folder).clusterID(given: id) == id)
        #expect(try StateFiles(folder).clusterID() == id)
        #expect {
            try StateFiles(folder).clusterID(given: "1b1e5a52-6a0c-4bd0-8f44-0d1c0a4f2a11")
        } throws: { "\($0)".hasPrefix("the state folder \(folder) is of the cluster \(id)") }
        #expect(throws: DaemonError.self) { try StateFiles(folder).clusterID(given: "no-uuid") }
    }

    @Test("a damaged file is named and left as it is", arguments: ["", "541f-40a6"])
    func damaged(_ content: String) throws {
        let id = try complaint("cluster-id", content) { _ = try $0.clusterID() }
        #expect(id.hasPrefix("\(folder)/cluster-id holds no cluster id"))
        let authority = try complaint("peering-authority.json", content) {
            _ = try $0.peeringAuthority(clusterID: "x", now: 1)
        }
        #expect(authority.hasPrefix("\(folder)/peering-authority.json holds no authority"))
        let port = try complaint("peer-port", content) { _ = try $0.port("peer", host: "127.0.0.1") }
        #expect(port.hasPrefix("\(folder)/peer-port holds no port"))
    }
}
