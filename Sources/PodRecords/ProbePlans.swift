public import JSONTree

/// The probes of one container; each may be absent.
public struct ProbePlans: Sendable, Hashable {
    /// Until it has succeeded once, the others do not run; its failure ends the container.
    public var startup: ProbePlan?
    /// Its failure ends the container.
    public var liveness: ProbePlan?
    /// Says whether the container takes traffic.
    public var readiness: ProbePlan?

    public init(startup: ProbePlan? = nil, liveness: ProbePlan? = nil, readiness: ProbePlan? = nil) {
        self.startup = startup
        self.liveness = liveness
        self.readiness = readiness
    }

    public var isEmpty: Bool { startup == nil && liveness == nil && readiness == nil }

    public var json: JSON {
        var json: JSON = [:]
        if let startup { json["startup"] = startup.json }
        if let liveness { json["liveness"] = liveness.json }
        if let readiness { json["readiness"] = readiness.json }
        return json
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        func probe(_ key: String) throws(JSONError) -> ProbePlan? {
            guard let probe = try fields.optionalObject(key) else { return nil }
            return try ProbePlan(probe)
        }
        startup = try probe("startup")
        liveness = try probe("liveness")
        readiness = try probe("readiness")
    }
}
