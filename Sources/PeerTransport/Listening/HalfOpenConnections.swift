import Synchronization

/// The connections of a listener that are not admitted yet, counted in all and by address.
///
/// Whoever connects without proving anything can take no more than this many places.
final class HalfOpenConnections: Sendable {
    private struct State {
        var all = 0
        var byAddress: [String: Int] = [:]
    }

    private let limit: Int
    private let limitPerAddress: Int
    private let state = Mutex(State())

    init(limit: Int, limitPerAddress: Int) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    /// Takes a place; `nil` where there is none.
    func enter(_ address: String) -> Place? {
        let isThereRoom = state.withLock { state in
            let own = state.byAddress[address] ?? 0
            guard state.all < limit, own < limitPerAddress else { return false }
            state.all += 1
            state.byAddress[address] = own + 1
            return true
        }
        return isThereRoom ? Place(of: self, address) : nil
    }

    private func leave(_ address: String) {
        state.withLock { state in
            state.all -= 1
            let own = (state.byAddress[address] ?? 1) - 1
            state.byAddress[address] = own > 0 ? own : nil
        }
    }

    var count: Int { state.withLock { $0.all } }

    /// A place taken; given back once, at the latest when nobody refers to it.
    final class Place: Sendable {
        private let owner: HalfOpenConnections
        private let address: String
        private let isLeft = Mutex(false)

        init(of owner: HalfOpenConnections, _ address: String) {
            self.owner = owner
            self.address = address
        }

        deinit { leave() }

        func leave() {
            let isFirst = isLeft.withLock { isLeft in
                defer { isLeft = true }
                return !isLeft
            }
            if isFirst { owner.leave(address) }
        }
    }
}
