/// What lies below a place in a `FieldSet`: sets by their path elements, in the order in which they are written.
///
/// A sorted list rather than a dictionary: sets are small, and every write reads, merges and writes several of them.
struct FieldBranches: Sendable, Hashable {
    struct Branch: Sendable, Hashable {
        let element: String
        var set: FieldSet
    }

    private(set) var list: [Branch] = []

    init() {}

    /// - Parameter branches: in any order; of several with the same element the first counts.
    init(unsorted branches: [Branch]) {
        list = branches
        let isSorted = zip(list, list.dropFirst()).allSatisfy { FieldElement.precedes($0.element, $1.element) }
        guard !isSorted else { return }
        list.sort { FieldElement.precedes($0.element, $1.element) }
        var unique: [Branch] = []
        unique.reserveCapacity(list.count)
        // The sort is stable, so the first one comes first.
        for branch in list where unique.last?.element != branch.element { unique.append(branch) }
        list = unique
    }

    var isEmpty: Bool { list.isEmpty }

    /// Where an element is, or where it would be.
    private func place(of element: String) -> (place: Int, isThere: Bool) {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle].element == element { return (middle, true) }
            if FieldElement.precedes(list[middle].element, element) { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    /// The set below an element; setting `nil` takes the element out.
    subscript(element: String) -> FieldSet? {
        get {
            let (place, isThere) = place(of: element)
            return isThere ? list[place].set : nil
        }
        set {
            let (place, isThere) = place(of: element)
            switch (newValue, isThere) {
            case (let set?, true): list[place].set = set
            case (let set?, false): list.insert(Branch(element: element, set: set), at: place)
            case (nil, true): list.remove(at: place)
            case (nil, false): break
            }
        }
    }

    /// Adds all paths of others.
    mutating func formUnion(_ other: FieldBranches) {
        if list.isEmpty {
            list = other.list
            return
        }
        var result: [Branch] = []
        result.reserveCapacity(list.count + other.list.count)
        var rest = other.list[...]
        for var branch in list {
            while let next = rest.first, FieldElement.precedes(next.element, branch.element) {
                result.append(next)
                rest = rest.dropFirst()
            }
            if let next = rest.first, next.element == branch.element {
                branch.set.formUnion(next.set)
                rest = rest.dropFirst()
            }
            result.append(branch)
        }
        result.append(contentsOf: rest)
        list = result
    }

    /// Takes the others' paths out, and what is empty then.
    mutating func subtract(_ other: FieldBranches) {
        var hasEmpty = false
        for (place, other) in matches(other) {
            list[place].set.subtract(other)
            hasEmpty = hasEmpty || list[place].set.isEmpty
        }
        if hasEmpty { list.removeAll { $0.set.isEmpty } }
    }

    func intersection(_ other: FieldBranches) -> FieldBranches {
        var result = FieldBranches()
        for (place, set) in matches(other) {
            let shared = list[place].set.intersection(set)
            if !shared.isEmpty { result.list.append(Branch(element: list[place].element, set: shared)) }
        }
        return result
    }

    /// The places of the elements that both have, and the others' sets below them.
    private func matches(_ other: FieldBranches) -> [(Int, FieldSet)] {
        var result: [(Int, FieldSet)] = []
        var (left, right) = (0, 0)
        while left < list.count, right < other.list.count {
            let (own, others) = (list[left].element, other.list[right].element)
            if own == others {
                result.append((left, other.list[right].set))
                left += 1
                right += 1
            } else if FieldElement.precedes(own, others) {
                left += 1
            } else {
                right += 1
            }
        }
        return result
    }
}
