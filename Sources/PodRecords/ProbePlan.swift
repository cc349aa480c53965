public import JSONTree

/// One check of a container's health, with Kubernetes' timing fields.
public struct ProbePlan: Sendable, Hashable {
    public enum Check: Sendable, Hashable {
        /// Succeeds on an HTTP status from 200 to 399.
        case httpGet(host: String, port: Int, path: String, headers: [String])
        /// Succeeds when the connection is accepted.
        case tcpSocket(host: String, port: Int)
        /// Succeeds when the command exits with 0; run beside the container, with its environment.
        case command([String])
    }

    public var check: Check
    public var initialDelaySeconds: Int
    public var periodSeconds: Int
    public var timeoutSeconds: Int
    public var successThreshold: Int
    public var failureThreshold: Int

    public init(
        check: Check, initialDelaySeconds: Int = 0, periodSeconds: Int = 10, timeoutSeconds: Int = 1,
        successThreshold: Int = 1, failureThreshold: Int = 3
    ) {
        self.check = check
        self.initialDelaySeconds = initialDelaySeconds
        self.periodSeconds = periodSeconds
        self.timeoutSeconds = timeoutSeconds
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
    }

    public var json: JSON {
        var json: JSON = [
            "initialDelaySeconds": JSON(initialDelaySeconds), "periodSeconds": JSON(periodSeconds),
            "timeoutSeconds": JSON(timeoutSeconds), "successThreshold": JSON(successThreshold),
            "failureThreshold": JSON(failureThreshold),
        ]
        switch check {
        case .httpGet(let host, let port, let path, let headers):
            json["httpGet"] = ["host": JSON(host), "port": JSON(port), "path": JSON(path), "headers": JSON(headers)]
        case .tcpSocket(let host, let port):
            json["tcpSocket"] = ["host": JSON(host), "port": JSON(port)]
        case .command(let command):
            json["command"] = JSON(command)
        }
        return json
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        if let http = try fields.optionalObject("httpGet") {
            check = .httpGet(
                host: try http.string("host"), port: try http.int("port", in: 1...65_535),
                path: try http.string("path"),
                headers: try http.strings("headers"))
        } else if let tcp = try fields.optionalObject("tcpSocket") {
            check = .tcpSocket(host: try tcp.string("host"), port: try tcp.int("port", in: 1...65_535))
        } else {
            check = .command(try fields.strings("command"))
        }
        initialDelaySeconds = try fields.int("initialDelaySeconds", in: 0...1_000_000)
        periodSeconds = try fields.int("periodSeconds", in: 1...1_000_000)
        timeoutSeconds = try fields.int("timeoutSeconds", in: 1...1_000_000)
        successThreshold = try fields.int("successThreshold", in: 1...1_000_000)
        failureThreshold = try fields.int("failureThreshold", in: 1...1_000_000)
    }
}
