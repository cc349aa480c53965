import JSONTree
import PeerTransport
import TLSTransport

/// How credentials are kept, whether in a file or in a Secret. Keys are added, never renamed.
extension PeerCredentials {
    /// - Throws: `JSONError` naming the field, `TLSError`.
    init(fields: JSONFields) throws {
        self.init(
            clusterID: try fields.string("clusterID"), clusterName: try fields.string("clusterName"),
            identity: try Identity(
                certificatesPEM: try fields.string("certificate"), privateKeyPEM: try fields.string("key")),
            authorities: try Certificate.chain(pem: try fields.string("authorities")), epoch: try fields.int("epoch"))
    }

    /// As ``init(fields:)`` reads it. Holds the private key.
    var json: JSON {
        get throws {
            [
                "clusterID": .string(clusterID), "clusterName": .string(clusterName),
                "certificate": .string(identity.certificatesPEM), "key": .string(try identity.privateKey.pem),
                "authorities": .string(authorities.map(\.pem).joined()), "epoch": JSON(epoch),
            ]
        }
    }
}

extension Farewell {
    /// - Throws: `JSONError` naming the field, `TLSError`.
    init(fields: JSONFields) throws {
        guard let address = PeerAddress(try fields.string("address")) else {
            throw fields.error("address", "expected tls://HOST:PORT; remove the farewell to give it up")
        }
        self.init(
            credentials: try PeerCredentials(fields: fields), address: address,
            proxy: try fields.optionalString("proxy") ?? "")
    }

    /// As ``init(fields:)`` reads it. Holds the private key.
    var json: JSON {
        get throws {
            var json = try credentials.json
            json["address"] = .string(address.url)
            if !proxy.isEmpty { json["proxy"] = .string(proxy) }
            return json
        }
    }
}
