import Digests
import Glibc
import JSONTree
import TLSTransport

/// The small files of a state folder that make a daemon the same one after a restart.
struct StateFiles: Sendable {
    let folder: String

    /// Makes the folder, with mode 0700.
    init(_ folder: String) throws(DaemonError) {
        var path = folder.hasPrefix("/") ? "/" : ""
        for part in folder.split(separator: "/") {
            path += (path.isEmpty || path.hasSuffix("/") ? "" : "/") + part
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw DaemonError(
                    "cannot make the state folder \(folder): \(path): \(String(cString: strerror(errno)))")
            }
        }
        self.folder = folder
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func read(_ name: String) throws(TLSError) -> String? {
        guard access(path(name), F_OK) == 0 else { return nil }
        return String(decoding: try KeyFile.read(path(name)), as: UTF8.self)
    }

    func write(_ text: String, _ name: String) throws(TLSError) {
        try KeyFile.write(Array(text.utf8), to: path(name))
    }

    /// The cluster's id: what the cluster itself says, else a random UUID (RFC 9562, version 4), made once.
    ///
    /// - Parameter given: the id that the cluster has of its own.
    /// - Throws: `DaemonError` for a folder that belongs to a cluster with another id.
    func clusterID(given: String? = nil) throws -> String {
        if let given {
            guard Self.isID(given) else { throw DaemonError("the cluster's id \"\(given)\" is not a UUID") }
            guard let known = try read("cluster-id") else {
                try write(given, "cluster-id")
                return given
            }
            guard known == given else {
                throw DaemonError(
                    "the state folder \(folder) is of the cluster \(known), and this one is \(given): "
                        + "name another folder with --state, or the other cluster")
            }
            return given
        }
        if let known = try read("cluster-id") {
            guard Self.isID(known) else {
                throw damaged(
                    "cluster-id", "no cluster id",
                    "restore it: peers know this cluster by it, and a new one must peer anew")
            }
            return known
        }
        var bytes = try RandomBytes.generate(count: 16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Hex.encode(bytes)
        var id = ""
        for (place, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(place) { id.append("-") }
            id.append(digit)
        }
        try write(id, "cluster-id")
        return id
    }

    /// Whether the text is a UUID as this program writes it.
    private static func isID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && parts.joined().utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...102).contains(byte)
            }
    }

    func damaged(_ name: String, _ what: String, _ remedy: String) -> DaemonError {
        DaemonError("\(path(name)) holds \(what): \(remedy)")
    }

    /// The authority that issues the certificates of peerings, made once.
    func peeringAuthority(clusterID: String, now: Int64) throws -> CertificateAuthority {
        if let known = try authority(
            in: Self.authorityFile, remedy: "restore it, or remove it and peer again with every hub")
        {
            return known
        }
        let authority = try CertificateAuthority.create(commonName: "causeway peering \(clusterID)", now: now)
        try write(authority, Self.authorityFile)
        return authority
    }

    /// The port that was picked for a purpose once; picks a free one the first time.
    func port(_ purpose: String, host: String) throws -> Int {
        if let text = try read("\(purpose)-port") {
            guard let port = Int(text), (1...65_535).contains(port) else {
                throw damaged(
                    "\(purpose)-port", "no port",
                    "write the port that peers dial into it, or remove it to have another one picked")
            }
            return port
        }
        let port = try Self.freePort(host: host)
        try write(String(port), "\(purpose)-port")
        return port
    }

    private static func freePort(host: String) throws(DaemonError) -> Int {
        let isIPv6 = host.contains(":")
        let file = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard file >= 0 else { throw DaemonError("cannot open a socket: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        // An address left at zero asks for any free port; the host is bound for good by the listener itself.
        var storage = sockaddr_storage()
        storage.ss_family = sa_family_t(isIPv6 ? AF_INET6 : AF_INET)
        var length = socklen_t(isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> UInt16? in
                guard bind(file, address, length) == 0, getsockname(file, address, &length) == 0 else { return nil }
                // The port stands at the same place in both families.
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            }
        }
        guard let port else { throw DaemonError("cannot find a free port: \(String(cString: strerror(errno)))") }
        return Int(port)
    }

    // MARK: - Readiness

    /// Says that everything is ready: a file that others wait for.
    func markReady(api: String) throws {
        let json: JSON = ["pid": JSON(Int(getpid())), "api": .string(api)]
        try write(json.text(), "ready")
    }

    /// Says that this replica waits to lead.
    func markStandby() throws { try write((["pid": JSON(Int(getpid()))] as JSON).text(), "standby") }

    /// Takes that back.
    func markNoStandby() { unlink(path("standby")) }

    /// Takes the word back: at start, once the folder is this process's alone, and at the end.
    func markNotReady() { unlink(path("ready")) }
}
