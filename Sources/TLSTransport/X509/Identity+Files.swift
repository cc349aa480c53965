extension Identity {
    /// Reads an identity from two files. The key's file must be readable by its owner only.
    ///
    /// - Throws: ``TLSError/Code/io`` or ``TLSError/Code/insecureKeyFile`` with the path, or what the parts are refused
    ///   for, with the path. Blocks on the file system.
    public static func load(certificatesPath: String, privateKeyPath: String) throws(TLSError) -> Identity {
        let certificates = try KeyFile.readPublic(certificatesPath, limit: Certificate.maximumLength)
        let key = try KeyFile.read(privateKeyPath)
        let chain = try naming(certificatesPath) { () throws(TLSError) in
            try Certificate.chain(pem: String(decoding: certificates, as: UTF8.self))
        }
        let privateKey = try naming(privateKeyPath) { () throws(TLSError) in
            try PrivateKey(pem: String(decoding: key, as: UTF8.self))
        }
        return try naming("\(certificatesPath) and \(privateKeyPath)") { () throws(TLSError) in
            try Identity(chain: chain, privateKey: privateKey)
        }
    }

    /// Says in a failure which file it is about.
    private static func naming<Value>(_ path: String, _ body: () throws(TLSError) -> Value) throws(TLSError) -> Value {
        do {
            return try body()
        } catch {
            throw TLSError(error.code, "\(path): \(error.message)", alert: error.alert, cause: error.cause)
        }
    }

    /// Writes the key (mode 0600), then the certificates (mode 0644), each in one step. Blocks on the file system.
    public func save(certificatesPath: String, privateKeyPath: String) throws(TLSError) {
        try KeyFile.write(Array(try privateKey.pem.utf8), to: privateKeyPath)
        try KeyFile.writePublic(Array(certificatesPEM.utf8), to: certificatesPath)
    }
}
