/// The place of a value within an object, as Kubernetes' messages write it: `spec.containers[0].name`, `data[key]`.
///
/// Kept as a chain and only written out in a message: paths are made for every value that is judged, and few are ever read.
public struct FieldPath: Sendable, CustomStringConvertible {
    private indirect enum Link: Sendable {
        case start(String)
        case child(of: Link, String)
        case index(of: Link, Int)
        case key(of: Link, String)

        var text: String {
            switch self {
            case .start(let text): return text
            case .child(let parent, let name):
                let before = parent.text
                return before.isEmpty ? name : "\(before).\(name)"
            case .index(let parent, let index): return "\(parent.text)[\(index)]"
            case .key(let parent, let key): return "\(parent.text)[\(key)]"
            }
        }
    }

    private let link: Link

    private init(_ link: Link) { self.link = link }

    public init(_ text: String = "") { link = .start(text) }

    public var text: String { link.text }

    public func child(_ name: String) -> FieldPath { FieldPath(.child(of: link, name)) }
    public func index(_ index: Int) -> FieldPath { FieldPath(.index(of: link, index)) }
    public func key(_ key: String) -> FieldPath { FieldPath(.key(of: link, key)) }

    public var description: String { text }
}

extension FieldPath: Hashable {
    public static func == (left: FieldPath, right: FieldPath) -> Bool { left.text == right.text }

    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
