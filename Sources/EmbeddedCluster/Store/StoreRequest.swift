import KubernetesModel

/// One write, as the writer takes it.
struct StoreRequest: Sendable {
    /// What must be true of the object when the write's turn comes.
    enum Expectation: Sendable {
        case absent
        case revision(Int)
    }

    enum Change: Sendable {
        case put(PreparedObject)
        /// Removes; the last version, as watchers see it.
        case remove(PreparedObject)
    }

    let reference: ObjectReference
    let expected: Expectation
    let change: Change
    /// What else must hold when the write's turn comes; a refusal stops this write alone.
    var condition: (@Sendable (StagedState) -> APIError?)?

    init(
        _ reference: ObjectReference, expected: Expectation, change: Change,
        condition: (@Sendable (StagedState) -> APIError?)? = nil
    ) {
        self.reference = reference
        self.expected = expected
        self.change = change
        self.condition = condition
    }
}

/// What became of a write.
enum StoreOutcome: Sendable {
    /// Durable, and visible to readers and watchers.
    case done(StoredObject)
    /// The expectation did not hold; what is there instead.
    case unexpected(StoredObject?)
    /// The request's condition did not hold.
    case refused(APIError)
    /// Nothing was written.
    case failed(StoreError)
}

/// What a write's condition may look at: what is durable, and the writes before it in the same batch.
struct StagedState {
    let committed: (ObjectReference) -> StoredObject?
    let staged: [ObjectReference: StoredObject?]

    func object(_ reference: ObjectReference) -> StoredObject? {
        if let staged = staged[reference] { return staged }
        return committed(reference)
    }
}
