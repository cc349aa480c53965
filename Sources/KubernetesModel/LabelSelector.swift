public import JSONTree

/// Which labels match (`meta/v1 LabelSelector`, and the text form of `-l` and `labelSelector=`): all requirements must hold.
public struct LabelSelector: Sendable, Hashable {
    public enum Operator: String, Sendable {
        case `in` = "In"
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
        /// Only in the text form: greater and less than, as whole numbers.
        case greaterThan = "Gt"
        case lessThan = "Lt"
    }

    public struct Requirement: Sendable, Hashable {
        public let key: String
        public let `operator`: Operator
        public let values: [String]

        public init(key: String, operator: Operator, values: [String] = []) {
            self.key = key
            self.operator = `operator`
            self.values = values
        }

        public func matches(_ value: String?) -> Bool {
            switch `operator` {
            case .in: value.map(values.contains) ?? false
            case .notIn: value.map { !values.contains($0) } ?? true
            case .exists: value != nil
            case .doesNotExist: value == nil
            case .greaterThan: compare(value, >)
            case .lessThan: compare(value, <)
            }
        }

        private func compare(_ value: String?, _ holds: (Int64, Int64) -> Bool) -> Bool {
            guard let left = value.flatMap({ Int64($0) }), let right = values.first.flatMap({ Int64($0) }) else {
                return false
            }
            return holds(left, right)
        }
    }

    public let requirements: [Requirement]

    /// No requirement matches everything.
    public init(_ requirements: [Requirement]) { self.requirements = requirements }

    /// Every label must have the value given; none matches everything.
    public init(matchLabels labels: [String: String]) {
        self.init(
            labels.sorted { $0.key < $1.key }.map { Requirement(key: $0.key, operator: .in, values: [$0.value]) })
    }

    public static let everything = LabelSelector([])

    public var isEmpty: Bool { requirements.isEmpty }

    public func matches(_ labels: [String: String]) -> Bool { requirements.allSatisfy { $0.matches(labels[$0.key]) } }

    /// Matches without building a dictionary: for filters that look at many objects.
    public func matches(_ object: KubernetesObject) -> Bool {
        requirements.allSatisfy { $0.matches(object.label($0.key)) }
    }

    /// The same for `metadata.labels` alone, null where there are none.
    public func matches(labels: JSON) -> Bool { requirements.allSatisfy { $0.matches(labels[$0.key]?.string) } }

    /// Reads a `LabelSelector` object.
    ///
    /// - Throws: `JSONError` naming the field that is malformed.
    public init(_ json: JSON, at path: String = "selector") throws(JSONError) {
        let fields = try JSONFields(json, at: path)
        let labels = try fields.stringMap("matchLabels")
        var requirements = labels.keys.sorted().map { key in
            Requirement(key: key, operator: .in, values: [labels[key] ?? ""])
        }
        for (name, element) in try fields.elements("matchExpressions", limit: 1000) {
            requirements.append(try Requirement(element, at: name, allowed: [.in, .notIn, .exists, .doesNotExist]))
        }
        self.requirements = requirements
    }

    /// The labels of `matchLabels`-like requirements, for naming and display; other requirements are left out.
    public var text: String {
        requirements.map { requirement in
            let values = requirement.values.joined(separator: ",")
            return switch requirement.operator {
            case .in:
                requirement.values.count == 1 ? "\(requirement.key)=\(values)" : "\(requirement.key) in (\(values))"
            case .notIn:
                requirement.values.count == 1 ? "\(requirement.key)!=\(values)" : "\(requirement.key) notin (\(values))"
            case .exists: requirement.key
            case .doesNotExist: "!\(requirement.key)"
            case .greaterThan: "\(requirement.key)>\(values)"
            case .lessThan: "\(requirement.key)<\(values)"
            }
        }.joined(separator: ",")
    }
}

extension LabelSelector.Requirement {
    /// Reads an expression with `key`, `operator` and `values`, as label selectors and node selectors have them.
    public init(_ json: JSON, at path: String, allowed: Set<LabelSelector.Operator>) throws(JSONError) {
        let fields = try JSONFields(json, at: path)
        let key = try fields.string("key")
        let word = try fields.string("operator")
        guard let `operator` = LabelSelector.Operator(rawValue: word), allowed.contains(`operator`) else {
            throw fields.error("operator", "\"\(word.prefix(32))\" is not a valid selector operator")
        }
        let values = try fields.strings("values", limit: 1000)
        switch `operator` {
        case .in, .notIn:
            guard !values.isEmpty else {
                throw fields.error("values", "must be specified when operator is In or NotIn")
            }
        case .exists, .doesNotExist:
            guard values.isEmpty else {
                throw fields.error("values", "may not be specified when operator is Exists or DoesNotExist")
            }
        case .greaterThan, .lessThan:
            guard values.count == 1, Int64(values[0]) != nil else {
                throw fields.error("values", "must be a single whole number when operator is Gt or Lt")
            }
        }
        self.init(key: key, operator: `operator`, values: values)
    }
}
