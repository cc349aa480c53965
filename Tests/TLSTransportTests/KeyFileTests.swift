import Glibc
import Testing

@testable import TLSTransport

@Suite final class KeyFileTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/causeway-keys-XXXXXX".utf8CString)
        directory = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        for name in ["key", "certificates"] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    private var path: String { "\(directory)/key" }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o777
    }

    @Test("a key file is written for its owner only, whatever the umask, and replaced whole")
    func write() throws {
        try KeyFile.write([1, 2, 3], to: path)
        #expect(try mode(path) == 0o600)
        #expect(try KeyFile.read(path) == [1, 2, 3])
        chmod(path, 0o644)
        try KeyFile.write([4], to: path)
        #expect(try mode(path) == 0o600)
        #expect(try KeyFile.read(path) == [4])
    }

    @Test(
        "a key file that others may access is refused, with the command that helps", arguments: [0o640, 0o604, 0o601])
    func insecure(mode: mode_t) throws {
        try KeyFile.write([1], to: path)
        chmod(path, mode)
        let error = #expect(throws: TLSError.self) { try KeyFile.read(path) }
        #expect(error?.code == .insecureKeyFile)
        #expect(error?.message.contains("chmod 600 \(path)") == true)
    }

    @Test("what is missing, too long or no file is refused with its path")
    func unreadable() throws {
        #expect(code { () throws(TLSError) in _ = try KeyFile.read(directory) } == .io)
        #expect(code { () throws(TLSError) in _ = try KeyFile.read(path) } == .io)
        #expect(code { () throws(TLSError) in try KeyFile.write([1], to: "\(directory)/none/key") } == .io)
        try KeyFile.write([UInt8](repeating: 0, count: KeyFile.maximumLength + 1), to: path)
        #expect(code { () throws(TLSError) in _ = try KeyFile.read(path) } == .io)
    }

    @Test("an identity survives its files")
    func identity() throws {
        let identity = try TestAuthority().client()
        let certificates = "\(directory)/certificates"
        try identity.save(certificatesPath: certificates, privateKeyPath: path)
        #expect(try mode(certificates) == 0o644)
        let loaded = try Identity.load(certificatesPath: certificates, privateKeyPath: path)
        #expect(loaded.chain == identity.chain)
        #expect(loaded.privateKey.publicKey == identity.privateKey.publicKey)
    }
}
