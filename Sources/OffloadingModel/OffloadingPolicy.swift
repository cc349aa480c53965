/// What a namespace's annotations ask of the hub, the scheduler and the edges: read once, with defaults for what is absent.
///
/// A value that says nothing known counts as the default and is listed among `problems`, which the hub tells as the
/// condition `PoliciesValid` and as an event.
public struct OffloadingPolicy: Sendable, Hashable {
    /// What becomes of pods whose edge is away.
    public var onDisconnect: DisconnectPolicy = .reschedule(after: Self.defaultGracePeriod)
    /// After how long without its hub an edge stops the namespace's pods by itself; `nil` for never.
    public var stopOnEdgeAfter: Duration?
    /// Whether pods move to edges that join or return; `nil` for not at all.
    public var rebalance: RebalancePolicy?
    /// Whether the skew is measured against what each edge can hold; `nil` for not.
    public var fill: FillPolicy?
    /// What is wrong with the annotations, by name.
    public var problems: [Problem] = []

    /// An annotation with a value that says nothing known.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        public let annotation: String
        public let value: String
        /// What may stand there.
        public let expected: String

        public var description: String {
            "\(annotation): \"\(value.prefix(63))\" is not \(expected); the default applies"
        }
    }

    public init() {}

    /// - Parameter annotations: a NamespaceOffloading's.
    public init(annotations: [String: String]) {
        func bad(_ name: String, _ expected: String) {
            problems.append(Problem(annotation: name, value: annotations[name] ?? "", expected: expected))
        }
        var grace = Self.defaultGracePeriod
        if let text = annotations[Names.gracePeriodAnnotation] {
            if let duration = GoDuration.parse(text) {
                grace = duration
            } else {
                bad(Names.gracePeriodAnnotation, "a duration such as 30s or 1m30s")
            }
        }
        onDisconnect = .reschedule(after: grace)
        switch annotations[Names.onDisconnectAnnotation] {
        case nil, "reschedule": break
        case "keep": onDisconnect = .keep
        default: bad(Names.onDisconnectAnnotation, "reschedule or keep")
        }
        if let text = annotations[Names.stopOnEdgeAfterAnnotation], text != "never" {
            if let duration = GoDuration.parse(text), duration >= Self.shortestStop {
                stopOnEdgeAfter = duration
            } else {
                bad(Names.stopOnEdgeAfterAnnotation, "never or a duration of at least 5s, such as 2m")
            }
        }
        if let text = annotations[Names.rebalanceAnnotation], text != "off" {
            if let policy = RebalancePolicy(text) {
                rebalance = policy
            } else {
                bad(Names.rebalanceAnnotation, "off, on, or how long edges must be well before, such as 2m")
            }
        }
        if let text = annotations[Names.fillAnnotation], text != "off" {
            if let policy = FillPolicy(text) {
                fill = policy
            } else {
                bad(Names.fillAnnotation, "off, on, or weights by edge from 1 to 1000, such as rome=2,milan=1")
            }
        }
    }

    /// How long an edge may be away before its pods are replaced, unless the namespace says otherwise.
    public static let defaultGracePeriod: Duration = .seconds(10)
    /// A connection that is made anew takes some seconds: pods must not stop for that.
    public static let shortestStop: Duration = .seconds(5)
}

/// How pods move to edges that join or return (`causeway.io/rebalance`).
public struct RebalancePolicy: Sendable, Hashable {
    /// How long all edges of the namespace must have been well before pods move.
    public var steadyFor: Duration
    /// How long a workload's pod that has moved stays where it is.
    public var cooldown: Duration = .seconds(600)

    public init(steadyFor: Duration = .seconds(60)) { self.steadyFor = steadyFor }

    /// - Returns: `nil` where the text is neither `on` nor a duration.
    init?(_ text: String) {
        if text == "on" {
            self.init()
        } else {
            guard let duration = GoDuration.parse(text) else { return nil }
            self.init(steadyFor: duration)
        }
    }
}

/// How edges are filled like water (`causeway.io/fill`).
public struct FillPolicy: Sendable, Hashable {
    /// What an edge takes for each pod of an edge of weight 1, by its name; edges that are not named have weight 1.
    public var weights: [String: Int]

    public init(weights: [String: Int] = [:]) { self.weights = weights }

    /// - Returns: `nil` where the text is neither `on` nor a list of weights.
    init?(_ text: String) {
        guard text != "on" else {
            self.init()
            return
        }
        var weights: [String: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = sides.first.map { $0.filter { $0 != " " } } ?? ""
            guard sides.count == 2, !name.isEmpty, weights[name] == nil,
                let weight = Int(sides[1].filter { $0 != " " }), (1...1000).contains(weight)
            else { return nil }
            weights[name] = weight
        }
        self.init(weights: weights)
    }

    /// The weights by the names of the edges' virtual nodes.
    public var nodeWeights: [String: Int] {
        Dictionary(weights.map { (Names.virtualNode($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}
