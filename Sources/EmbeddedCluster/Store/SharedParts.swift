import JSONTree
import KubernetesModel
import Synchronization

/// Equal parts of different objects, kept once: pods of one template have the same containers and the same owned fields, and
/// the trees and texts of these are most of what a pod takes in memory.
///
/// Only the newest parts are remembered, by their text; parts that are spelled differently are different here. Values are
/// copied when somebody changes them, so that nobody notices whom they share with.
final class SharedParts: Sendable {
    /// Those of `spec`.
    static let recent = SharedParts()
    /// Whole ones: replicas on one node often differ in their names only.
    static let specs = SharedParts()
    /// The sets in `metadata.managedFields`, which have a text only: their value is null here.
    static let fieldSets = SharedParts()

    /// A part that several objects have.
    struct Part {
        let text: [UInt8]
        let value: JSON
    }

    private struct State {
        var parts: [Int: Part] = [:]
        /// The hashes in `parts`, the oldest at `next` once there are as many as there may be.
        var order: [Int] = []
        var next = 0
    }

    /// As many as the templates that make objects at a time, with a few parts each.
    private static let capacity = 256
    /// Below, a part is hardly larger than what is kept about it; above, few would fill the memory that they are to save.
    private static let sizes = 64...(16 * 1024)

    private let state = Mutex(State())

    /// Whether a text is so long that it is better kept once, as a piece between others, than with each object.
    static func isWorthCutting(_ text: [UInt8]) -> Bool { text.count >= 256 }

    /// The equal part that was here before; `nil` for a new one, which is remembered.
    ///
    /// - Parameter text: the part's own.
    func known(_ part: JSON, text: ArraySlice<UInt8>) -> Part? {
        guard Self.sizes.contains(text.count) else { return nil }
        var hasher = Hasher()
        text.withUnsafeBytes { hasher.combine(bytes: $0) }
        let hash = hasher.finalize()
        return state.withLock { state in
            if let known = state.parts[hash] {
                if known.text[...] == text { return known }
                state.parts[hash] = Part(text: Array(text), value: part)
                return nil
            }
            if state.order.count < Self.capacity {
                state.order.append(hash)
            } else {
                state.parts[state.order[state.next]] = nil
                state.order[state.next] = hash
                state.next = (state.next + 1) % Self.capacity
            }
            state.parts[hash] = Part(text: Array(text), value: part)
            return nil
        }
    }
}
