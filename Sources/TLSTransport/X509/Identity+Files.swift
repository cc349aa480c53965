extension Identity {
    /// Reads an identity from two files. The key's file must be readable by its owner only.
    ///
    /// - Throws: ``TLSError/Code/io`` or ``TLSError/Code/insecureKeyFile`` with the path, or what the parts are refused
    ///   for. Blocks on the file system.
    public static func load(certificatesPath: String, privateKeyPath: String) throws(TLSError) -> Identity {
        let certificates = try KeyFile.readPublic(certificatesPath, limit: Certificate.maximumLength)
        let key = try KeyFile.read(privateKeyPath)
        return try Identity(
            certificatesPEM: String(decoding: certificates, as: UTF8.self),
            privateKeyPEM: String(decoding: key, as: UTF8.self))
    }

    /// Writes the key (mode 0600), then the certificates (mode 0644), each in one step. Blocks on the file system.
    public func save(certificatesPath: String, privateKeyPath: String) throws(TLSError) {
        try KeyFile.write(Array(try privateKey.pem.utf8), to: privateKeyPath)
        try KeyFile.writePublic(Array(certificatesPEM.utf8), to: certificatesPath)
    }
}
