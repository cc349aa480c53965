/// The place of a value within an object, as Kubernetes' messages write it: `spec.containers[0].name`, `data[key]`.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    public init(_ text: String = "") { self.text = text }

    public func child(_ name: String) -> FieldPath { FieldPath(text.isEmpty ? name : "\(text).\(name)") }
    public func index(_ index: Int) -> FieldPath { FieldPath("\(text)[\(index)]") }
    public func key(_ key: String) -> FieldPath { FieldPath("\(text)[\(key)]") }

    public var description: String { text }
}
