import JSONTree
import KubernetesModel
import Synchronization

/// Gives the ports of services their numbers on the nodes. The service objects themselves remember who has which.
final class NodePorts: Sendable {
    /// Kubernetes' range.
    static let range = 30000...32767
    private let used = Mutex<Set<Int>>([])

    static func hasNodePorts(_ service: KubernetesObject) -> Bool {
        switch service.spec["type"]?.string {
        case "NodePort": true
        case "LoadBalancer": service.spec["allocateLoadBalancerNodePorts"]?.bool ?? true
        default: false
        }
    }

    static func numbers(_ service: KubernetesObject) -> Set<Int> {
        Set((service.spec["ports"]?.array ?? []).compactMap { $0["nodePort"]?.int }.filter { $0 > 0 })
    }

    /// Gives each port a number where the service is to have them.
    ///
    /// - Returns: what was taken, to be released where the service is not stored after all.
    func assign(_ service: inout KubernetesObject, old: KubernetesObject?) throws(APIError) -> Set<Int> {
        guard Self.hasNodePorts(service), var ports = service.spec["ports"]?.array else { return [] }
        let own = old.map(Self.numbers) ?? []
        var taken: Set<Int> = []
        do throws(APIError) {
            for place in ports.indices {
                let asked = ports[place]["nodePort"]?.int ?? 0
                if asked == 0 {
                    let number = try pick()
                    taken.insert(number)
                    ports[place]["nodePort"] = JSON(number)
                } else if !own.contains(asked), !taken.contains(asked) {
                    try take(asked, place, service)
                    taken.insert(asked)
                }
            }
        } catch {
            release(taken)
            throw error
        }
        service.json["spec", "ports"] = .array(ports)
        return taken
    }

    private func pick() throws(APIError) -> Int {
        let start = Int.random(in: Self.range)
        let found = used.withLock { used -> Int? in
            guard used.count < Self.range.count else { return nil }
            var number = start
            while used.contains(number) {
                number = number == Self.range.upperBound ? Self.range.lowerBound : number + 1
            }
            used.insert(number)
            return number
        }
        guard let found else { throw APIError.internalError("failed to allocate a nodePort: range is full") }
        return found
    }

    private func take(_ asked: Int, _ place: Int, _ service: KubernetesObject) throws(APIError) {
        func refused(_ why: String) -> APIError {
            .invalid(
                group: "", kind: "Service", name: service.name,
                [
                    APIError.Cause(
                        reason: "FieldValueInvalid", message: "Invalid value: \(asked): \(why)",
                        field: "spec.ports[\(place)].nodePort")
                ])
        }
        guard Self.range.contains(asked) else {
            throw refused("provided port is not in the valid range. The range of valid ports is 30000-32767")
        }
        guard used.withLock({ $0.insert(asked).inserted }) else {
            throw refused("provided port is already allocated")
        }
    }

    /// Gives numbers back.
    func release(_ numbers: Set<Int>) { used.withLock { $0.subtract(numbers) } }

    /// Keeps count with what became durable.
    func observe(_ event: StoreEvent) {
        let before = event.previous.map { Self.numbers($0.object) } ?? []
        let after = event.kind == .deleted ? [] : Self.numbers(event.object.object)
        guard before != after else { return }
        used.withLock { used in
            used.subtract(before.subtracting(after))
            used.formUnion(after)
        }
    }

    // MARK: - Updates

    /// The numbers that a service has stay with its ports where an update does not name them, and go with the need for them.
    static func keep(_ service: inout KubernetesObject, _ old: KubernetesObject) {
        guard var ports = service.spec["ports"]?.array else { return }
        let before = old.spec["ports"]?.array ?? []
        if hasNodePorts(service) {
            var named = numbers(service)
            for place in ports.indices where ports[place]["nodePort"]?.int ?? 0 == 0 {
                let same = before.first { isSame($0, ports[place]) }
                guard let number = same?["nodePort"]?.int, named.insert(number).inserted else { continue }
                ports[place]["nodePort"] = JSON(number)
            }
        } else if hasNodePorts(old) {
            let known = numbers(old)
            for place in ports.indices where ports[place]["nodePort"]?.int.map(known.contains) == true {
                ports[place]["nodePort"] = nil
            }
        } else {
            return
        }
        service.json["spec", "ports"] = .array(ports)
    }

    private static func isSame(_ left: JSON, _ right: JSON) -> Bool {
        left["port"]?.int == right["port"]?.int
            && left["protocol"]?.string ?? "TCP" == right["protocol"]?.string ?? "TCP"
    }
}
