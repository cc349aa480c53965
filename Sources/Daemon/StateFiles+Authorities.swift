import Glibc
import JSONTree
import TLSTransport

/// How one peering authority takes over from another, in files. Each step is whole after a crash anywhere in it.
extension StateFiles: AuthorityStore {
    static let authorityFile = "peering-authority.json"
    private static let nextFile = "peering-authority-next.json"
    private static let formerFile = "peering-authority-former.json"

    func authority(in name: String, remedy: String) throws -> CertificateAuthority? {
        guard let text = try read(name) else { return nil }
        do {
            let fields = try JSONFields(try JSON(parsing: text), at: path(name))
            return try CertificateAuthority(
                certificate: try Certificate(pem: try fields.string("certificate")),
                key: try PrivateKey(pem: try fields.string("key")))
        } catch {
            throw damaged(name, "no authority (\(error))", remedy)
        }
    }

    func write(_ authority: CertificateAuthority, _ name: String) throws {
        let json: JSON = ["certificate": .string(authority.certificate.pem), "key": .string(try authority.key.pem)]
        try write(json.text(), name)
    }

    /// What takes over from the authority; `nil` where nothing does.
    func nextAuthority(after current: CertificateAuthority) throws -> CertificateAuthority? {
        let next = try authority(in: Self.nextFile, remedy: "restore it, or remove it and begin anew")
        // The last step was cut short: it is the current one already.
        return next?.certificate == current.certificate ? nil : next
    }

    /// What the authority has taken over from, as long as certificates of that one may be good.
    func formerAuthority(now: Int64) throws -> Certificate? {
        guard let text = try read(Self.formerFile) else { return nil }
        do {
            let fields = try JSONFields(try JSON(parsing: text), at: path(Self.formerFile))
            let until = Int64(try fields.int("until"))
            return until < now ? nil : try Certificate(pem: try fields.string("certificate"))
        } catch {
            throw damaged(
                Self.formerFile, "no authority (\(error))", "remove it; peers that are not connected have to peer again"
            )
        }
    }

    func authorities(now: Int64) throws -> StoredAuthorities? {
        guard let current = try authority(in: Self.authorityFile, remedy: "restore it") else { return nil }
        return StoredAuthorities(
            current: current, next: try nextAuthority(after: current), former: try formerAuthority(now: now))
    }

    func begin(_ next: CertificateAuthority) throws { try write(next, Self.nextFile) }

    func promote(_ next: CertificateAuthority, over current: CertificateAuthority, now: Int64) throws {
        let json: JSON = [
            "certificate": .string(current.certificate.pem),
            "until": JSON(Int(now + CertificateProfile.peerValidity)),
        ]
        try write(json.text(), Self.formerFile)
        try write(next, Self.authorityFile)
        unlink(path(Self.nextFile))
    }
}
