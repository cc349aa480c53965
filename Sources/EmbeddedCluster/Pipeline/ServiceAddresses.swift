import JSONTree
import KubernetesModel
import Synchronization

/// Gives services their cluster addresses out of one range, and their node ports. The service objects themselves remember
/// who has which.
final class ServiceAddresses: Sendable {
    /// What one write has taken.
    struct Taken: Sendable {
        var address: String?
        var ports: Set<Int> = []
    }

    private let ports = NodePorts()
    private let first: UInt32
    private let last: UInt32
    private let used = Mutex<Set<UInt32>>([])

    /// - Parameter range: an IPv4 range such as `10.96.0.0/16`; its first, second and last address are not given out.
    init?(range: String) {
        let parts = range.split(separator: "/")
        guard parts.count == 2, let base = Self.number(String(parts[0])), let length = Int(parts[1]),
            (8...29).contains(length)
        else { return nil }
        let size = UInt32(1) << UInt32(32 - length)
        let start = base & ~(size - 1)
        first = start + 2
        last = start + size - 2
    }

    private static func number(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    private static func text(_ address: UInt32) -> String {
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    }

    /// The address of the Service `kubernetes`, which others get only by asking for it.
    var firstAddress: String { Self.text(first - 1) }

    /// Gives a service an address and node ports where it needs them and has none.
    ///
    /// - Returns: what was taken, to be released where the service is not stored after all.
    func assign(_ service: inout KubernetesObject, old: KubernetesObject?) throws(APIError) -> Taken {
        var taken = Taken(address: try assignAddress(&service, old: old))
        do throws(APIError) {
            taken.ports = try ports.assign(&service, old: old)
        } catch {
            release(taken)
            throw error
        }
        return taken
    }

    private func assignAddress(_ service: inout KubernetesObject, old: KubernetesObject?) throws(APIError) -> String? {
        guard service.spec["type"]?.string != "ExternalName" else { return nil }
        let asked = service.spec["clusterIP"]?.string ?? ""
        if asked == "None" {
            service.json["spec", "clusterIPs"] = ["None"]
            setFamilies(&service)
            return nil
        }
        if !asked.isEmpty, asked == old?.spec["clusterIP"]?.string { return nil }
        let address = try asked.isEmpty ? pick(service) : take(asked, service)
        service.json["spec", "clusterIP"] = .string(address)
        service.json["spec", "clusterIPs"] = [.string(address)]
        setFamilies(&service)
        return address
    }

    private func setFamilies(_ service: inout KubernetesObject) {
        if service.spec["ipFamilies"] == nil { service.json["spec", "ipFamilies"] = ["IPv4"] }
        if service.spec["ipFamilyPolicy"] == nil { service.json["spec", "ipFamilyPolicy"] = "SingleStack" }
    }

    private func pick(_ service: KubernetesObject) throws(APIError) -> String {
        let start = UInt32.random(in: first...last)
        let found = used.withLock { used -> UInt32? in
            guard used.count < Int(last - first) + 1 else { return nil }
            var address = start
            while used.contains(address) { address = address == last ? first : address + 1 }
            used.insert(address)
            return address
        }
        guard let found else {
            throw APIError.internalError("failed to allocate a serviceIP: range is full")
        }
        return Self.text(found)
    }

    private func take(_ asked: String, _ service: KubernetesObject) throws(APIError) -> String {
        func refused(_ why: String) -> APIError {
            .invalid(
                group: "", kind: "Service", name: service.name,
                [
                    APIError.Cause(
                        reason: "FieldValueInvalid", message: "Invalid value: [\"\(asked)\"]: \(why)",
                        field: "spec.clusterIPs")
                ])
        }
        guard let address = Self.number(asked) else {
            throw refused("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        }
        guard (first - 1...last).contains(address) else {
            throw refused("failed to allocate IP \(asked): the provided IP is not in the valid range")
        }
        guard used.withLock({ $0.insert(address).inserted }) else {
            throw refused("failed to allocate IP \(asked): provided IP is already allocated")
        }
        return asked
    }

    /// Gives back what was taken.
    func release(_ taken: Taken?) {
        guard let taken else { return }
        release(address: taken.address)
        ports.release(taken.ports)
    }

    private func release(address: String?) {
        guard let number = address.flatMap(Self.number) else { return }
        used.withLock { _ = $0.remove(number) }
    }

    /// Keeps count with what became durable.
    func observe(_ event: StoreEvent) {
        ports.observe(event)
        let before = event.previous?.object.spec["clusterIP"]?.string
        let after = event.kind == .deleted ? nil : event.object.object.spec["clusterIP"]?.string
        guard before != after else { return }
        release(address: before)
        if let number = after.flatMap(Self.number) { used.withLock { _ = $0.insert(number) } }
    }
}
