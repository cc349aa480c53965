public import Wire

extension PeerSession {
    // MARK: Copies

    /// Says what this side's copy holds: the desired set's at the agent, the observed set's at the hub. Once a connection.
    ///
    /// A copy of an older epoch is not spoken of: the peer sends everything.
    public mutating func hold(_ digest: [ItemKey: String]) -> [Action] {
        withEstablished { established in
            let epoch = established.agreement.epoch
            let held = established.agreement.isNewEpoch ? [:] : digest
            let messages =
                established.desired.withCopy { $0.begin(held: held, epoch: epoch) }
                ?? established.observed.withCopy { $0.begin(held: held, epoch: epoch) } ?? []
            return messages.map { Action.send(.digest($0)) }
        } ?? []
    }

    /// Changes with this number were taken over.
    public mutating func consumed(_ set: ItemSetName, sequence: Int) -> [Action] {
        withEstablished { established in
            let acknowledgement =
                switch set {
                case .desired: established.desired.withCopy { $0.consumed(sequence) }
                case .observed: established.observed.withCopy { $0.consumed(sequence) }
                }
            return (acknowledgement ?? nil).map { [Action.send(.acknowledge($0))] } ?? []
        } ?? []
    }

    // MARK: Own sets

    /// Replaces the whole desired set (hub only). The first call begins the synchronisation.
    public mutating func publish(_ set: DesiredSet) {
        withEstablished { $0.desired.withOwner { $0.publish(set) } }
    }

    /// Replaces the whole observed set (agent only). The first call begins the synchronisation.
    public mutating func publish(_ set: ObservedSet) {
        withEstablished { $0.observed.withOwner { $0.publish(set) } }
    }

    /// Changes the desired set after it was published (hub only).
    public mutating func update(desired upserts: [DesiredItem], removals: [ItemKey]) {
        withEstablished { $0.desired.withOwner { $0.update(upserts: upserts, removals: removals) } }
    }

    /// Changes the observed set after it was published (agent only).
    public mutating func update(observed upserts: [ObservedItem], removals: [ItemKey]) {
        withEstablished { $0.observed.withOwner { $0.update(upserts: upserts, removals: removals) } }
    }

    // MARK: Bulk output

    /// The next bulk output, to be sent while the connection takes more: changes and stream data in turn.
    ///
    /// - Returns: `nil` where there is nothing, or what there is waits until ``outputDeadline``.
    public mutating func nextOutput(_ now: Duration) -> Output? {
        withEstablished { established in
            established.streamsFirst.toggle()
            if established.streamsFirst {
                return established.streams.nextOutput() ?? established.nextChanges(now)
            }
            return established.nextChanges(now) ?? established.streams.nextOutput()
        } ?? nil
    }
}

extension PeerSession.Established {
    /// Whether the peer has confirmed all of the own set.
    var isSettled: Bool {
        switch (desired, observed) {
        case (.owner(let sync), _): sync.isSettled
        case (_, .owner(let sync)): sync.isSettled
        case (.copy, .copy): false
        }
    }

    /// Until when changes of the own set are held back.
    var heldBackUntil: Duration? {
        switch (desired, observed) {
        case (.owner(let sync), _): sync.heldBackUntil
        case (_, .owner(let sync)): sync.heldBackUntil
        case (.copy, .copy): nil
        }
    }

    fileprivate mutating func nextChanges(_ now: Duration) -> PeerSession.Output? {
        if let changes = desired.withOwner({ $0.nextBatch(now) }) { return changes.map { .message(.desired($0)) } }
        if let changes = observed.withOwner({ $0.nextBatch(now) }) { return changes.map { .message(.observed($0)) } }
        return nil
    }
}
