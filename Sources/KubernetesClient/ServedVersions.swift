import KubernetesModel
import Synchronization

/// Which version of a group a server is asked in, where the newest is younger than servers that are still about.
///
/// Callers speak the newest version only. A server that does not have it is asked in an older one whose objects read the
/// same for what Causeway does with them. Which ones it has is discovered, not concluded from its version.
final class ServedVersions: Sendable {
    /// The groups that have moved on lately, with their versions, newest first.
    private static let versions: [String: [String]] = [
        "policy": ["v1", "v1beta1"], "discovery.k8s.io": ["v1", "v1beta1"],
    ]

    /// How long an answer holds: a server may be upgraded under its clients.
    private static let validity: Duration = .seconds(600)

    private struct Answer {
        let version: String
        let time: ContinuousClock.Instant
    }

    private let answers = Mutex<[String: Answer]>([:])

    /// The resource as the server has it.
    ///
    /// - Parameter discover: the versions of a group that the server has; none where it does not have the group.
    func served(
        _ type: ResourceType, discover: (_ group: String) async throws -> [String]
    ) async throws -> ResourceType {
        guard let known = Self.versions[type.group], known.first == type.version else { return type }
        let now = ContinuousClock.now
        if let answer = answers.withLock({ $0[type.group] }), now - answer.time < Self.validity {
            return type.inVersion(answer.version)
        }
        let served = try await discover(type.group)
        let version = known.first(where: served.contains) ?? type.version
        answers.withLock { $0[type.group] = Answer(version: version, time: now) }
        return type.inVersion(version)
    }
}

extension ResourceType {
    fileprivate func inVersion(_ version: String) -> ResourceType {
        ResourceType(group: group, version: version, plural: plural, kind: kind, isNamespaced: isNamespaced)
    }
}
