/// The decoded items of a query, in the order in which they were sent.
public struct HTTPQuery: Sendable, Hashable {
    /// One `name=value` pair, decoded.
    public struct Item: Sendable, Hashable {
        /// The item's name.
        public let name: String
        /// The item's value; empty if there is no `=`.
        public let value: String

        /// Makes an item of decoded texts.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The items in order; a name may occur several times.
    public var items: [Item]

    /// Makes a query of decoded items.
    public init(items: [Item] = []) {
        self.items = items
    }

    /// Parses a raw query without its `?`. A pair with a malformed escape is kept as it was sent.
    public init(_ raw: Substring) {
        items = raw.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first ?? ""
            let value = parts.count > 1 ? parts[1] : ""
            return Item(
                name: PercentEncoding.decode(name, plusIsSpace: true) ?? String(name),
                value: PercentEncoding.decode(value, plusIsSpace: true) ?? String(value)
            )
        }
    }

    /// The first value with this name, or nil.
    public subscript(name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    /// All values with this name, in order.
    public func all(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }

    /// Appends one item.
    public mutating func append(_ name: String, _ value: String) {
        items.append(Item(name: name, value: value))
    }

    /// The percent-encoded form without a `?`; empty without items.
    public var encoded: String {
        items.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
    }
}
