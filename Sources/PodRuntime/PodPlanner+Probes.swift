import JSONTree
import PodHost
import PodRecords

extension PodPlanner {
    func probes(_ container: JSON, name: String, _ outcome: inout Outcome) -> ProbePlans {
        func probe(_ field: String) -> ProbePlan? {
            guard let json = container[field], !json.isNull else { return nil }
            guard let check = check(json, container) else {
                outcome.remarks.append(
                    "container \(name): the process runtime cannot do this \(field); it counts as succeeding")
                return nil
            }
            func number(_ key: String, _ standard: Int, from least: Int = 1) -> Int {
                max(least, json[key]?.int ?? standard)
            }
            return ProbePlan(
                check: check, initialDelaySeconds: number("initialDelaySeconds", 0, from: 0),
                periodSeconds: number("periodSeconds", 10), timeoutSeconds: number("timeoutSeconds", 1),
                successThreshold: number("successThreshold", 1), failureThreshold: number("failureThreshold", 3))
        }
        return ProbePlans(
            startup: probe("startupProbe"), liveness: probe("livenessProbe"), readiness: probe("readinessProbe"))
    }

    /// The start or stop hook of a container.
    func hook(_ field: String, _ container: JSON, name: String, _ outcome: inout Outcome) -> HookPlan? {
        guard let json = container["lifecycle"]?[field], !json.isNull else { return nil }
        if let seconds = json["sleep"]?["seconds"]?.int { return .sleep(max(0, seconds)) }
        if let check = check(json, container) { return .check(check) }
        outcome.remarks.append("container \(name): the process runtime cannot do this \(field) hook; it is left out")
        return nil
    }

    private func check(_ probe: JSON, _ container: JSON) -> ProbePlan.Check? {
        if let http = probe["httpGet"], !http.isNull {
            guard let host = address(http["host"]), let port = port(http["port"], container) else { return nil }
            // Without TLS in the supervisor an HTTPS probe can only see whether the port answers.
            if http["scheme"]?.string == "HTTPS" { return .tcpSocket(host: host, port: port) }
            let headers = (http["httpHeaders"]?.array ?? []).compactMap { header -> String? in
                guard let name = header["name"]?.string, let value = header["value"]?.string,
                    !(name + value).utf8.contains(where: { $0 < 0x20 })
                else { return nil }
                return "\(name): \(value)"
            }
            let path = http["path"]?.string ?? "/"
            guard !path.utf8.contains(where: { $0 <= 0x20 }) else { return nil }
            return .httpGet(host: host, port: port, path: path, headers: headers)
        }
        if let tcp = probe["tcpSocket"], !tcp.isNull {
            guard let host = address(tcp["host"]), let port = port(tcp["port"], container) else { return nil }
            return .tcpSocket(host: host, port: port)
        }
        guard let command = probe["exec"]?["command"]?.strings, !command.isEmpty else { return nil }
        return .command(command)
    }

    private func address(_ host: JSON?) -> String? {
        guard let host = host?.string, !host.isEmpty else { return surroundings.network.address }
        return host == "localhost" ? "127.0.0.1" : IPv4Address(host)?.description
    }

    private func port(_ port: JSON?, _ container: JSON) -> Int? {
        let number =
            port?.int
            ?? port?.string.flatMap { name in
                Int(name)
                    ?? container["ports"]?.array?.first { $0["name"]?.string == name }?["containerPort"]?.int
            }
        return number.flatMap { (1...65_535).contains($0) ? $0 : nil }
    }
}
