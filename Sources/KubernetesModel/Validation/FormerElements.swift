import JSONTree

/// The elements of a list before an update, as they belong to those of the list after it: by their keys where the list has
/// keys, by their places where it has none.
struct FormerElements {
    private let elements: [JSON]
    private let listType: Schema.ListType
    private var byKey: [[JSON]: JSON] = [:]

    init(_ elements: [JSON], _ listType: Schema.ListType) {
        self.elements = elements
        self.listType = listType
        guard case .map(let keys) = listType else { return }
        for element in elements { byKey[Self.key(of: element, keys)] = element }
    }

    /// What an element was before; `nil` where it is new, or nobody can tell.
    func element(for element: JSON, at place: Int) -> JSON? {
        switch listType {
        case .map(let keys): byKey[Self.key(of: element, keys)]
        case .set: nil
        case .atomic: place < elements.count ? elements[place] : nil
        }
    }

    private static func key(of element: JSON, _ keys: [String]) -> [JSON] { keys.map { element[$0] ?? .null } }
}
