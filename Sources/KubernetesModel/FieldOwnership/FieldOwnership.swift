public import JSONTree

/// Who owns which fields of an object: its `metadata.managedFields`.
///
/// Changes by updates take the changed fields over from everybody; `FieldOwnership+Apply` holds what appliers do.
public struct FieldOwnership: Sendable, Hashable {
    public private(set) var entries: [FieldManagerEntry]

    /// How many managers that update are kept apart; the oldest of more become one (as in Kubernetes).
    static let maximalUpdaters = 10
    static let ancientManager = "ancient-changes"

    public init(_ entries: [FieldManagerEntry] = []) { self.entries = entries }

    /// Reads `metadata.managedFields`.
    ///
    /// - Returns: `nil` where an entry is malformed.
    public init?(managedFields json: JSON) {
        guard let list = json.array else { return nil }
        entries = []
        for element in list {
            guard let entry = FieldManagerEntry(element) else { return nil }
            if let place = entries.firstIndex(where: { $0.isSameManager(as: entry) }) {
                entries[place] = entry
            } else {
                entries.append(entry)
            }
        }
    }

    public var isEmpty: Bool { entries.isEmpty }

    /// `metadata.managedFields` as JSON text; empty where nobody owns anything.
    public var encoded: [UInt8] {
        guard !entries.isEmpty else { return [] }
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        bytes.reserveCapacity(1536)
        for (place, entry) in entries.sorted(by: FieldManagerEntry.precedes).enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            entry.encode(into: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    /// Whether both say the same, whenever it was said.
    public func isSame(as other: FieldOwnership) -> Bool {
        guard entries.count == other.entries.count else { return false }
        return entries.allSatisfy { entry in
            other.entries.contains { $0.isSameManager(as: entry) && $0.fields == entry.fields }
                && (entry.operation == .update
                    || other.entries.contains { $0.isSameManager(as: entry) && $0.apiVersion == entry.apiVersion })
        }
    }

    /// Gives the fields that an update changes to who changes them.
    ///
    /// - Parameters:
    ///   - old: the object before, or an empty object for a new one.
    ///   - author: who updates, in which version, through which subresource, and when; its fields do not matter.
    public mutating func update(from old: JSON, to new: JSON, _ schema: Schema?, by author: FieldManagerEntry) {
        let kind = new["kind"]?.string ?? ""
        let comparison = FieldComparison(old, new, schema, FieldSkeleton.of(kind: kind, schema))
        guard !comparison.isEmpty else { return }
        release(comparison.changed, comparison.removed, exceptBy: nil)
        var own = comparison.changed
        own.stripIdentity()
        guard !own.isEmpty else { return }
        if let place = place(of: author) {
            entries[place].fields.formUnion(own)
            entries[place].time = author.time
        } else {
            var entry = author
            entry.fields = own
            entries.append(entry)
        }
        capUpdaters()
    }

    func place(of entry: FieldManagerEntry) -> Int? { entries.firstIndex { $0.isSameManager(as: entry) } }

    /// Takes fields from all managers but one.
    mutating func release(_ changed: FieldSet, _ removed: FieldSet, exceptBy kept: FieldManagerEntry?) {
        for place in entries.indices {
            if let kept, entries[place].isSameManager(as: kept) { continue }
            entries[place].fields.subtract(changed)
            entries[place].fields.subtract(removed)
        }
        entries.removeAll { $0.fields.isEmpty }
    }

    /// Stores what an applier owns from now on, or that it owns nothing.
    mutating func replace(_ entry: FieldManagerEntry) {
        entries.removeAll { $0.isSameManager(as: entry) }
        if !entry.fields.isEmpty { entries.append(entry) }
    }

    /// Makes one of the oldest managers that update, per version, where there are too many.
    private mutating func capUpdaters() {
        let updaters = entries.filter { $0.operation == .update }
            .sorted { ($0.time, $0.manager) < ($1.time, $1.manager) }
        var count = updaters.count
        var firsts: [String: FieldManagerEntry] = [:]
        for updater in updaters {
            guard count > Self.maximalUpdaters else { return }
            guard let first = firsts[updater.apiVersion] else {
                firsts[updater.apiVersion] = updater
                continue
            }
            var bucket = FieldManagerEntry(
                manager: Self.ancientManager, operation: .update, apiVersion: updater.apiVersion, time: updater.time)
            bucket.fields = (place(of: bucket) ?? place(of: first)).map { entries[$0].fields } ?? FieldSet()
            bucket.fields.formUnion(updater.fields)
            entries.removeAll {
                $0.isSameManager(as: first) || $0.isSameManager(as: updater) || $0.isSameManager(as: bucket)
            }
            entries.append(bucket)
            firsts[updater.apiVersion] = bucket
            count -= 1
        }
    }
}
