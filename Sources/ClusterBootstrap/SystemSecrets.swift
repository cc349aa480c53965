public import ClusterAPI
import Digests
import JSONTree
public import KubernetesModel
import OffloadingModel

/// The Secrets of `causeway-system` in which daemons on real clusters keep their keys.
public struct SystemSecrets: Sendable {
    private let cluster: any ClusterAPI
    private let owner: String

    /// - Parameter owner: whose they are where a hub and an agent share the cluster: what its Secrets' names begin with, and the
    ///   value of the labels that are looked for; empty for the hub.
    public init(_ cluster: any ClusterAPI, of owner: String = "") {
        self.cluster = cluster
        self.owner = owner
    }

    /// The name that a Secret has in the cluster.
    public func fullName(_ name: String) -> String { owner.isEmpty ? name : "\(owner)-\(name)" }

    /// The fields of a Secret; `nil` where there is none.
    ///
    /// - Throws: ``DamagedSecret`` for a field that is not text; what the cluster throws.
    public func load(_ name: String) async throws -> [String: String]? {
        guard let found = try await cluster.find(.secrets, namespace: Names.systemNamespace, name: fullName(name))
        else { return nil }
        return try Self.fields(found)
    }

    /// The fields of a Secret as the cluster gave it.
    public static func fields(_ secret: KubernetesObject) throws(DamagedSecret) -> [String: String] {
        var fields: [String: String] = [:]
        guard case .object(let data) = secret.json["data"] ?? [:] else {
            throw DamagedSecret(secret.name, "its data is no object")
        }
        for (key, value) in data {
            guard let bytes = value.string.flatMap({ Base64.decode($0) }),
                let text = String(validating: bytes, as: UTF8.self)
            else { throw DamagedSecret(secret.name, "data[\(key)] is no text") }
            fields[key] = text
        }
        return fields
    }

    /// All Secrets of the owner with a label, by the names that they have in the cluster.
    public func all(label: String) async throws -> [(name: String, fields: [String: String])] {
        var options = ListOptions(labelSelector: label, limit: 500)
        var found: [(name: String, fields: [String: String])] = []
        repeat {
            let page = try await cluster.list(.secrets, namespace: Names.systemNamespace, options)
            for secret in page.items where secret.label(label) == owner {
                found.append((secret.name, try Self.fields(secret)))
            }
            options.continuation = page.continuation
        } while !options.continuation.isEmpty
        return found
    }

    /// Makes a Secret that must not be there yet.
    ///
    /// - Throws: `APIError`; one that `isAlreadyExists` where somebody was faster.
    public func create(_ name: String, _ fields: [String: String], labels: [String: String] = [:]) async throws {
        _ = try await cluster.create(.secrets, Self.object(fullName(name), fields, labels.mapValues { _ in owner }))
    }

    /// Changes the fields of a Secret: `body` gets those there are, none where it is missing. Nothing is written where nothing
    /// changes, and no Secret is made for nothing.
    ///
    /// - Parameter body: called again where somebody else was faster.
    public func change(
        _ name: String, labels: [String: String] = [:], _ body: (inout [String: String]) throws -> Void
    ) async throws {
        for attempt in 1... {
            do {
                let found = try await cluster.find(.secrets, namespace: Names.systemNamespace, name: fullName(name))
                let before = try found.map(Self.fields) ?? [:]
                var fields = before
                try body(&fields)
                guard fields != before else { return }
                if let found {
                    try await replace(found, fields)
                } else {
                    try await create(name, fields, labels: labels)
                }
                return
            } catch let error as APIError
                where attempt < 5 && (error.isConflict || error.isAlreadyExists || error.isNotFound)
            {
                continue
            }
        }
    }

    /// Puts the fields into this very version of a Secret.
    ///
    /// - Throws: `APIError`; a conflict where somebody else was faster.
    public func replace(_ secret: KubernetesObject, _ fields: [String: String]) async throws {
        var secret = secret
        secret.json["data"] = Self.object(secret.name, fields, [:]).json["data"]
        _ = try await cluster.update(.secrets, secret)
    }

    /// Removes a Secret, if there is one.
    public func remove(_ name: String) async throws {
        try await cluster.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: fullName(name))
    }

    private static func object(
        _ name: String, _ fields: [String: String], _ labels: [String: String]
    ) -> KubernetesObject {
        let data = fields.sorted { $0.key < $1.key }.map { ($0.key, JSON.string(Base64.encode(Array($0.value.utf8)))) }
        let labels = labels.merging([Names.partOfLabel: Names.partOfValue]) { own, _ in own }
        return KubernetesObject(
            .secrets, name: name, namespace: Names.systemNamespace,
            ["metadata": ["labels": JSON(labels)], "type": "Opaque", "data": .object(JSONObject(data))])
    }
}

/// A Secret of Causeway's own that does not hold what it should.
public struct DamagedSecret: Error, Sendable, CustomStringConvertible {
    public let description: String

    /// - Parameter problem: a clause; what to do is said after it.
    public init(_ name: String, _ problem: String) {
        description =
            "secret \(Names.systemNamespace)/\(name) is damaged: \(problem); restore it, or delete it and peer again"
    }
}
