import JSONTree
import KubernetesModel

/// Asks a selector about many objects, most of which have the same labels: the last answer is good for as long as they do.
///
/// Copies of one template share their labels, which tells that they are the same without a look at them.
struct RepeatedMatch {
    private let selector: LabelSelector
    private var last: (labels: JSON, matches: Bool)?

    init(_ selector: LabelSelector) { self.selector = selector }

    /// - Parameter labels: an object's `metadata.labels`; null for none.
    mutating func matches(_ labels: JSON) -> Bool {
        if let last, last.labels == labels { return last.matches }
        let matches = selector.matches(labels: labels)
        last = (labels, matches)
        return matches
    }
}
