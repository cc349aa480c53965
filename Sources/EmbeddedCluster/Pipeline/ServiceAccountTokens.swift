import Digests
import JSONTree
import TLSTransport

/// The bearer tokens of ServiceAccounts: JSON Web Tokens, signed by a key that never leaves the cluster's state folder.
///
/// Signed with HMAC-SHA256, for nobody but the cluster itself is to verify them.
struct ServiceAccountTokens: Sendable {
    /// Who issues the tokens, and whom they are for where nobody says otherwise; as kubeadm's clusters have it.
    static let issuer = "https://kubernetes.default.svc.cluster.local"

    /// What a token says.
    struct Claims: Sendable, Hashable {
        var namespace: String
        var name: String
        var uid: String
        var audiences: [String]
        /// Seconds since 1970.
        var issuedAt: Int
        var expiresAt: Int
        /// The object with which the token ends, by plural, name and uid; `nil` for none.
        var bound: BoundObject?
        /// Tells the token from all others.
        var id = ""
    }

    struct BoundObject: Sendable, Hashable {
        /// `Pod`, `Secret` or `Node`.
        var kind: String
        var name: String
        var uid: String
    }

    private static let header = Base64URL.encode(#"{"alg":"HS256","typ":"JWT"}"#.utf8)
    private let key: [UInt8]

    init(key: [UInt8]) { self.key = key }

    /// Reads the key of a state folder, making one where there is none.
    static func load(folder: String) throws -> ServiceAccountTokens {
        let path = folder + "/sa.key"
        if let stored = try StateFolder.read(path) {
            guard let key = Base64.decode(String(decoding: stored, as: UTF8.self).filter { !$0.isWhitespace }),
                key.count >= 32
            else {
                throw StoreError(
                    .corrupt,
                    "\(path) holds no key: remove the file, and another one is made; the tokens there are end with it")
            }
            return ServiceAccountTokens(key: key)
        }
        let key = try RandomBytes.generate(count: 32)
        try KeyFile.write(Array((Base64.encode(key) + "\n").utf8), to: path)
        return ServiceAccountTokens(key: key)
    }

    func issue(_ claims: Claims) -> String {
        var own: JSON = [
            "namespace": .string(claims.namespace),
            "serviceaccount": ["name": .string(claims.name), "uid": .string(claims.uid)],
        ]
        if let bound = claims.bound {
            own[bound.kind.lowercased()] = ["name": .string(bound.name), "uid": .string(bound.uid)]
        }
        let payload: JSON = [
            "aud": JSON(claims.audiences), "exp": JSON(claims.expiresAt), "iat": JSON(claims.issuedAt),
            "iss": .string(Self.issuer), "jti": .string(claims.id), "kubernetes.io": own, "nbf": JSON(claims.issuedAt),
            "sub": .string("system:serviceaccount:\(claims.namespace):\(claims.name)"),
        ]
        let signed = Self.header + "." + Base64URL.encode(payload.encoded())
        return signed + "." + Base64URL.encode(HMACSHA256.authenticationCode(for: signed.utf8, key: key))
    }

    /// What a token says, if it is one of ours and holds at `now`; whether what it names exists is not looked at.
    func claims(of token: String, now: Int) -> Claims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, token.utf8.count <= 16_384, parts[0] == Self.header,
            let code = Base64URL.decode(parts[2]),
            HMACSHA256.isValid(code, for: "\(parts[0]).\(parts[1])".utf8, key: key),
            let bytes = Base64URL.decode(parts[1]), let payload = try? JSON(parsing: bytes),
            let expiry = payload["exp"]?.int, expiry > now, let start = payload["nbf"]?.int, start <= now,
            let own = payload["kubernetes.io"], let namespace = own["namespace"]?.string,
            let name = own["serviceaccount", "name"]?.string, let uid = own["serviceaccount", "uid"]?.string
        else { return nil }
        var bound: BoundObject?
        for kind in ["Pod", "Secret", "Node"] {
            guard let name = own[kind.lowercased(), "name"]?.string, let uid = own[kind.lowercased(), "uid"]?.string
            else { continue }
            bound = BoundObject(kind: kind, name: name, uid: uid)
        }
        return Claims(
            namespace: namespace, name: name, uid: uid, audiences: payload["aud"]?.strings ?? [], issuedAt: start,
            expiresAt: expiry, bound: bound, id: payload["jti"]?.string ?? "")
    }
}
