public import JSONTree

/// Which nodes match (`core/v1 NodeSelector`): one of the terms must hold; without terms none matches.
public struct NodeSelector: Sendable, Hashable {
    public let terms: [NodeSelectorTerm]

    public init(_ terms: [NodeSelectorTerm]) { self.terms = terms }

    /// Reads a `NodeSelector` object.
    ///
    /// - Throws: `JSONError` naming the field that is malformed.
    public init(_ json: JSON, at path: String = "nodeSelector") throws(JSONError) {
        let fields = try JSONFields(json, at: path)
        guard fields.optional("nodeSelectorTerms") != nil else { throw fields.error("nodeSelectorTerms", "missing") }
        var terms: [NodeSelectorTerm] = []
        for (name, element) in try fields.elements("nodeSelectorTerms", limit: 1000) {
            terms.append(try NodeSelectorTerm(element, at: name))
        }
        self.terms = terms
    }

    public func matches(labels: [String: String], name: String) -> Bool {
        terms.contains { $0.matches(labels: labels, name: name) }
    }
}

/// One term of a node selector: all its expressions must hold; without any it matches no node.
public struct NodeSelectorTerm: Sendable, Hashable {
    public let expressions: [LabelSelector.Requirement]
    /// Requirements on `metadata.name`, the only field that Kubernetes allows here.
    public let fields: [LabelSelector.Requirement]

    public init(expressions: [LabelSelector.Requirement], fields: [LabelSelector.Requirement] = []) {
        self.expressions = expressions
        self.fields = fields
    }

    public var isEmpty: Bool { expressions.isEmpty && fields.isEmpty }

    /// - Throws: `JSONError` naming the field that is malformed.
    public init(_ json: JSON, at path: String) throws(JSONError) {
        let term = try JSONFields(json, at: path)
        var expressions: [LabelSelector.Requirement] = []
        for (name, element) in try term.elements("matchExpressions", limit: 1000) {
            expressions.append(
                try LabelSelector.Requirement(
                    element, at: name, allowed: [.in, .notIn, .exists, .doesNotExist, .greaterThan, .lessThan]))
        }
        var fields: [LabelSelector.Requirement] = []
        for (name, element) in try term.elements("matchFields", limit: 1000) {
            let requirement = try LabelSelector.Requirement(element, at: name, allowed: [.in, .notIn])
            guard requirement.key == "metadata.name" else {
                throw JSONError(.field, "\(name).key: only metadata.name can be selected, not \"\(requirement.key)\"")
            }
            guard requirement.values.count == 1 else {
                throw JSONError(.field, "\(name).values: must have one element")
            }
            fields.append(requirement)
        }
        self.init(expressions: expressions, fields: fields)
    }

    public func matches(labels: [String: String], name: String) -> Bool {
        !isEmpty && expressions.allSatisfy { $0.matches(labels[$0.key]) } && fields.allSatisfy { $0.matches(name) }
    }
}
