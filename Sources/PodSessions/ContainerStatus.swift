public import JSONTree
public import KubernetesModel

/// How a program in a container ended, as the last word of exec and attach says it: a `Status` object, the same in every
/// protocol that has one.
public enum ContainerStatus {
    /// The `Status` of a program that ran.
    public static func encode(exitCode: Int) -> JSON {
        guard exitCode != 0 else { return ["metadata": [:], "status": "Success"] }
        let cause: JSON = ["reason": "ExitCode", "message": .string("\(exitCode)")]
        return [
            "metadata": [:], "status": "Failure",
            "message": .string(
                "command terminated with non-zero exit code: command terminated with exit code \(exitCode)"),
            "reason": "NonZeroExitCode", "details": ["causes": [cause]],
        ]
    }

    /// The exit status that a `Status` tells of.
    ///
    /// - Throws: `APIError` where the program did not run, or nobody knows how it ended.
    public static func exitCode(_ status: JSON) throws(APIError) -> Int {
        guard status["status"]?.string != "Success" else { return 0 }
        if status["reason"]?.string == "NonZeroExitCode",
            let cause = status["details"]?["causes"]?.array?.first(where: { $0["reason"]?.string == "ExitCode" }),
            let exitCode = cause["message"]?.string.flatMap({ Int($0) }), (1...255).contains(exitCode)
        {
            return exitCode
        }
        throw APIError(status: status, code: 500, fallback: "the node did not say how the program ended")
    }
}
