/// The members of a JSON object, in order, each key once.
///
/// Small objects are searched, large ones are indexed: a sender cannot make look-ups slow.
public struct JSONObject: Sendable {
    @usableFromInline struct Member: Sendable {
        var key: String
        var value: JSON
        /// A place whose member was removed; only in objects that are indexed.
        var isHole = false
    }

    private var members: [Member] = []
    private var holes = 0
    /// Where each key is, kept only above `indexedAbove` members.
    private var index: [String: Int] = [:]
    private static let indexedAbove = 24

    public init() {}

    /// A later pair with the same key wins.
    public init(_ pairs: some Sequence<(String, JSON)>) {
        for (key, value) in pairs { self[key] = value }
    }

    public var count: Int { members.count - holes }
    public var isEmpty: Bool { count == 0 }
    public var keys: [String] { map(\.key) }
    public var values: [JSON] { map(\.value) }

    private func position(_ key: String) -> Int? {
        if members.count > Self.indexedAbove { return index[key] }
        for place in members.indices where members[place].key == key { return place }
        return nil
    }

    public func contains(_ key: String) -> Bool { position(key) != nil }

    /// The member `key`. Setting keeps the place of a member that exists and appends one that does not; `nil` removes.
    public subscript(key: String) -> JSON? {
        get { position(key).map { members[$0].value } }
        _modify {
            if let place = position(key) {
                var value: JSON? = .null
                do {
                    var taken = JSON.null
                    swap(&taken, &members[place].value)
                    value = taken
                }
                defer {
                    if let value { members[place].value = value } else { remove(at: place) }
                }
                yield &value
            } else {
                var value: JSON?
                defer { if let value { append(key, value) } }
                yield &value
            }
        }
    }

    /// Puts another value at a key that is there, keeping its place.
    ///
    /// - Returns: the former value; `nil`, with nothing changed, where the key is not there.
    mutating func exchange(_ key: String, with value: JSON) -> JSON? {
        guard let place = position(key) else { return nil }
        var value = value
        swap(&value, &members[place].value)
        return value
    }

    /// Adds a member whose key is known to be new.
    mutating func append(_ key: String, _ value: JSON) {
        members.append(Member(key: key, value: value))
        if members.count > Self.indexedAbove {
            if index.isEmpty { reindex() } else { index[key] = members.count - 1 }
        }
    }

    /// Large objects keep a hole until half of them are holes: whoever removes members one by one pays for each once.
    private mutating func remove(at place: Int) {
        guard members.count > Self.indexedAbove else {
            members.remove(at: place)
            return
        }
        index[members[place].key] = nil
        members[place] = Member(key: "", value: .null, isHole: true)
        holes += 1
        if holes > members.count / 2 || count <= Self.indexedAbove { reindex() }
    }

    private mutating func reindex() {
        if holes > 0 { members.removeAll(where: \.isHole) }
        holes = 0
        index.removeAll(keepingCapacity: true)
        guard members.count > Self.indexedAbove else { return }
        for (place, member) in members.enumerated() { index[member.key] = place }
    }

    /// Keeps the members for which `isKept` says so, in one pass.
    public mutating func filter(_ isKept: (String, JSON) -> Bool) {
        members.removeAll { $0.isHole || !isKept($0.key, $0.value) }
        holes = 0
        reindex()
    }

    /// Puts the members in the order of their keys' bytes.
    public mutating func sortKeys() {
        if holes > 0 { reindex() }
        members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        reindex()
    }
}

extension JSONObject: Sequence {
    public struct Iterator: IteratorProtocol {
        fileprivate var base: IndexingIterator<[Member]>
        public mutating func next() -> (key: String, value: JSON)? {
            while let member = base.next() {
                if !member.isHole { return (member.key, member.value) }
            }
            return nil
        }
    }
    public func makeIterator() -> Iterator { Iterator(base: members.makeIterator()) }
    public var underestimatedCount: Int { count }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        for (place, member) in left.members.enumerated() where !member.isHole {
            // Mostly both sides have the same order: look there before searching.
            if place < right.members.count, right.members[place].key == member.key, !right.members[place].isHole {
                if right.members[place].value != member.value { return false }
            } else {
                guard let other = right[member.key], other == member.value else { return false }
            }
        }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in self {
            var own = Hasher()
            own.combine(member.key)
            own.combine(member.value)
            sum ^= own.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
