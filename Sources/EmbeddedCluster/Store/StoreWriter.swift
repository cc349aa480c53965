import KubernetesModel

/// Applies batches of writes: checks each against what the ones before it left, then one transaction for all.
///
/// Used by one thread at a time, the store's queue.
final class StoreWriter {
    /// What a batch came to: the changes to publish, and each request's outcome.
    struct Result {
        var events: [StoreEvent] = []
        var outcomes: [StoreOutcome] = []
        var revision: Int
    }

    private let log: ObjectLog
    private let committed: (ObjectReference) -> StoredObject?
    private var revision: Int
    /// Rows that compaction would drop; drives when to compact.
    private var supersededRows = 0

    init(log: ObjectLog, revision: Int, committed: @escaping (ObjectReference) -> StoredObject?) {
        self.log = log
        self.revision = revision
        self.committed = committed
    }

    /// Makes what can be made of the batch durable.
    func run(_ requests: [StoreRequest]) -> Result {
        var result = Result(revision: revision)
        var staged: [ObjectReference: StoredObject?] = [:]
        var rows: [ObjectLog.Row] = []
        var next = revision
        for request in requests {
            let view = StagedState(committed: committed, staged: staged)
            let current = view.object(request.reference)
            if let refusal = Self.refusal(request, current) {
                result.outcomes.append(refusal)
                continue
            }
            if let refusal = request.condition?(view) {
                result.outcomes.append(.refused(refusal))
                continue
            }
            next += 1
            let event = Self.event(request, current, revision: next)
            staged[request.reference] = event.kind == .deleted ? .some(nil) : event.object
            rows.append(
                ObjectLog.Row(
                    revision: next, reference: request.reference, isCreation: event.kind == .added,
                    isDeletion: event.kind == .deleted, previous: current?.revision ?? 0, value: event.object.bytes))
            result.events.append(event)
            result.outcomes.append(.done(event.object))
        }
        guard !rows.isEmpty else { return result }
        do throws(StoreError) {
            try log.append(rows)
        } catch {
            result.events = []
            result.outcomes = result.outcomes.map { outcome in
                if case .done = outcome { .failed(error) } else { outcome }
            }
            return result
        }
        revision = next
        result.revision = next
        supersededRows += rows.count { $0.previous > 0 }
        return result
    }

    private static func refusal(_ request: StoreRequest, _ current: StoredObject?) -> StoreOutcome? {
        switch (request.expected, current) {
        case (.absent, nil): nil
        case (.revision(let expected), .some(let current)) where current.revision == expected: nil
        case (.absent, _), (.revision, _): .unexpected(current)
        }
    }

    private static func event(_ request: StoreRequest, _ current: StoredObject?, revision: Int) -> StoreEvent {
        switch request.change {
        case .put(let object):
            StoreEvent(
                kind: current == nil ? .added : .modified, object: object.stored(request.reference, revision: revision),
                previous: current)
        case .remove(let object):
            StoreEvent(
                kind: .deleted, object: object.stored(request.reference, revision: revision), previous: current)
        }
    }

    /// Drops history from the file that memory does not keep either, once there is enough of it.
    ///
    /// A failure only leaves the file larger: the next time tries again.
    func compactIfUseful(upTo forgotten: Int) {
        guard supersededRows >= 5_000, forgotten > log.compactedRevision else { return }
        do throws(StoreError) {
            try log.compact(to: forgotten)
            supersededRows = 0
        } catch {
            supersededRows = 0
        }
    }
}
