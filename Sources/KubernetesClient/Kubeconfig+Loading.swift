extension Kubeconfig {
    /// Loads the configuration that kubectl would use.
    ///
    /// An explicit path counts alone and must exist. Otherwise the variable `KUBECONFIG`, one path or several joined by
    /// `:`, of which those that do not exist are skipped and the first to say something wins. Otherwise `~/.kube/config`.
    ///
    /// - Parameters:
    ///   - path: what `--kubeconfig` gave; nil or empty without it.
    ///   - environment: the process's variables, of which `KUBECONFIG` and `HOME` are read.
    /// - Throws: ``KubeconfigError`` if no file exists, or one is not readable or not a kubeconfig.
    public static func load(path: String?, environment: [String: String]) throws(KubeconfigError) -> Kubeconfig {
        if let path, !path.isEmpty {
            guard let config = try read(path) else {
                throw KubeconfigError(file: path, "there is no such file")
            }
            return config
        }
        let variable = environment["KUBECONFIG"] ?? ""
        let listed = variable.split(separator: ":").map { String($0) }
        if !listed.isEmpty {
            return try merge(listed, missing: "none of the files that KUBECONFIG names exists (\(variable))")
        }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw KubeconfigError("there is no kubeconfig: give one with --kubeconfig or the variable KUBECONFIG")
        }
        return try merge(
            ["\(home)/.kube/config"],
            missing:
                "\(home)/.kube/config does not exist: give a kubeconfig with --kubeconfig or the variable KUBECONFIG")
    }

    private static func merge(_ paths: [String], missing: String) throws(KubeconfigError) -> Kubeconfig {
        var merged = Kubeconfig()
        for path in paths {
            if let config = try read(path) { merged.merge(config) }
        }
        guard !merged.files.isEmpty else { throw KubeconfigError(missing) }
        return merged
    }

    /// - Returns: nil if there is no such file.
    private static func read(_ path: String) throws(KubeconfigError) -> Kubeconfig? {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(path)
        } catch  where error.isMissing {
            return nil
        } catch {
            throw KubeconfigError(file: path, "cannot be read: \(error.problem)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw KubeconfigError(file: path, "is not UTF-8 text")
        }
        return try Kubeconfig(parsing: text, file: path)
    }
}
