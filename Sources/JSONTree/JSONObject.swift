/// The members of a JSON object, in order, each key once.
///
/// Small objects are searched, large ones are indexed: a sender cannot make look-ups slow.
public struct JSONObject: Sendable {
    @usableFromInline struct Member: Sendable {
        var key: String
        var value: JSON
    }

    /// What a large object keeps besides its members.
    @usableFromInline struct Table: Sendable {
        /// Where each key is.
        var index: [String: Int] = [:]
        /// The places whose members were removed.
        var holes: Set<Int> = []
    }

    private var members: [Member] = []
    /// One table above `indexedAbove` members, and none below: nearly all objects are small, there are a great many of them
    /// in memory, and this costs each of them one word.
    private var table: [Table] = []
    private static let indexedAbove = 24

    public init() {}

    /// A later pair with the same key wins.
    public init(_ pairs: some Sequence<(String, JSON)>) {
        for (key, value) in pairs { self[key] = value }
    }

    public var count: Int { members.count - (table.first?.holes.count ?? 0) }
    public var isEmpty: Bool { count == 0 }
    public var keys: [String] { map(\.key) }
    public var values: [JSON] { map(\.value) }

    private func position(_ key: String) -> Int? {
        if let table = table.first { return table.index[key] }
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

    private func isHole(_ place: Int) -> Bool { table.first?.holes.contains(place) ?? false }

    /// Adds a member whose key is known to be new.
    mutating func append(_ key: String, _ value: JSON) {
        members.append(Member(key: key, value: value))
        if !table.isEmpty {
            table[0].index[key] = members.count - 1
        } else if members.count > Self.indexedAbove {
            reindex()
        }
    }

    /// Large objects keep a hole until half of them are holes: whoever removes members one by one pays for each once.
    private mutating func remove(at place: Int) {
        guard !table.isEmpty else {
            members.remove(at: place)
            return
        }
        table[0].index[members[place].key] = nil
        members[place] = Member(key: "", value: .null)
        table[0].holes.insert(place)
        if table[0].holes.count > members.count / 2 || count <= Self.indexedAbove { reindex() }
    }

    /// Closes the holes, and makes the table anew where one is needed.
    private mutating func reindex() {
        closeHoles()
        guard members.count > Self.indexedAbove else {
            table = []
            return
        }
        var new = Table()
        new.index.reserveCapacity(members.count)
        for (place, member) in members.enumerated() { new.index[member.key] = place }
        table = [new]
    }

    private mutating func closeHoles() {
        guard let holes = table.first?.holes, !holes.isEmpty else { return }
        var kept: [Member] = []
        kept.reserveCapacity(members.count - holes.count)
        for (place, member) in members.enumerated() where !holes.contains(place) { kept.append(member) }
        members = kept
        table[0].holes = []
    }

    /// Keeps the members for which `isKept` says so, in one pass.
    public mutating func filter(_ isKept: (String, JSON) -> Bool) {
        closeHoles()
        members.removeAll { !isKept($0.key, $0.value) }
        reindex()
    }

    /// Puts the members in the order of their keys' bytes.
    public mutating func sortKeys() {
        closeHoles()
        members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        reindex()
    }
}

extension JSONObject: Sequence {
    public struct Iterator: IteratorProtocol {
        fileprivate let members: [Member]
        fileprivate let holes: Set<Int>
        fileprivate var place = 0

        public mutating func next() -> (key: String, value: JSON)? {
            while place < members.count {
                defer { place += 1 }
                if holes.isEmpty || !holes.contains(place) { return (members[place].key, members[place].value) }
            }
            return nil
        }
    }
    public func makeIterator() -> Iterator { Iterator(members: members, holes: table.first?.holes ?? []) }
    public var underestimatedCount: Int { count }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        if left.isSameStorage(as: right) { return true }
        for (place, member) in left.members.enumerated() where !left.isHole(place) {
            // Mostly both sides have the same order: look there before searching.
            if place < right.members.count, right.members[place].key == member.key, !right.isHole(place) {
                if right.members[place].value != member.value { return false }
            } else {
                guard let other = right[member.key], other == member.value else { return false }
            }
        }
        return true
    }

    /// Whether both are copies of one object that nobody has changed since: what versions of an object have in common mostly
    /// are.
    func isSameStorage(as other: JSONObject) -> Bool {
        members.withUnsafeBufferPointer { own in
            other.members.withUnsafeBufferPointer { others in
                own.baseAddress == others.baseAddress && own.count == others.count
            }
        }
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
