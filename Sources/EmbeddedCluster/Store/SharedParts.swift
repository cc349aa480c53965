import JSONTree
import KubernetesModel
import Synchronization

/// Equal parts of different objects, kept once: pods of one template have the same containers, and their trees are most of
/// what a pod takes in memory.
///
/// Only the newest parts are remembered, by their text; parts that are spelled differently are different here. Values are
/// copied when somebody changes them, so that nobody notices whom they share with.
final class SharedParts: Sendable {
    static let recent = SharedParts()

    private struct Part {
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

    /// The value of an equal part that was here before; `nil` for a new one, which is remembered.
    ///
    /// - Parameter text: the part's own.
    func known(_ part: JSON, text: ArraySlice<UInt8>) -> JSON? {
        guard Self.sizes.contains(text.count) else { return nil }
        var hasher = Hasher()
        text.withUnsafeBytes { hasher.combine(bytes: $0) }
        let hash = hasher.finalize()
        return state.withLock { state in
            if let known = state.parts[hash] {
                if known.text[...] == text { return known.value }
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

    /// The object with the parts of its `spec` that others have too.
    func shared(_ object: KubernetesObject) -> KubernetesObject {
        guard case .object(var fields)? = object.json["spec"] else { return object }
        var text: [UInt8] = []
        var isShared = false
        for (field, part) in fields {
            text.removeAll(keepingCapacity: true)
            part.encode(into: &text)
            guard let known = known(part, text: text[...]) else { continue }
            fields[field] = known
            isShared = true
        }
        guard isShared else { return object }
        var object = object
        object.json["spec"] = .object(fields)
        return object
    }
}
