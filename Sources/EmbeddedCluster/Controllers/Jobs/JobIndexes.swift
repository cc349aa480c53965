import JSONTree
import KubernetesModel

/// The completion indexes of an Indexed Job, with the text form `0-2,5` that its status has.
struct JobIndexes: Sendable, Hashable {
    /// Where a pod says its index, as annotation and as label.
    static let key = "batch.kubernetes.io/job-completion-index"

    private(set) var values: Set<Int>

    init(_ values: Set<Int> = []) { self.values = values }

    /// Reads the text form; what is no index below `limit` is left out.
    init(text: String, below limit: Int) {
        values = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first >= 0, first <= last, first < limit else {
                continue
            }
            values.formUnion(first...min(last, limit - 1))
        }
    }

    mutating func insert(_ index: Int) { values.insert(index) }

    /// The ranges in order, with a hyphen from three in a row on and a comma between.
    var text: String {
        var parts: [String] = []
        var run: [Int] = []
        func flush() {
            guard let first = run.first, let last = run.last else { return }
            switch run.count {
            case 1: parts.append("\(first)")
            case 2: parts.append("\(first),\(last)")
            default: parts.append("\(first)-\(last)")
            }
        }
        for value in values.sorted() {
            if let last = run.last, value != last + 1 {
                flush()
                run = []
            }
            run.append(value)
        }
        flush()
        return parts.joined(separator: ",")
    }

    /// The lowest `count` indexes below `completions` that are neither done nor being worked on.
    func missing(_ count: Int, below completions: Int, active: Set<Int>) -> [Int] {
        var found: [Int] = []
        var index = 0
        while found.count < count, index < completions {
            if !values.contains(index), !active.contains(index) { found.append(index) }
            index += 1
        }
        return found
    }

    static func index(of pod: KubernetesObject) -> Int? { pod.annotation(key).flatMap { Int($0) } }
}
