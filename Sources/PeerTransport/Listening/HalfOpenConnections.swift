import Synchronization

/// The connections of a listener that are not admitted yet, counted in all and by address.
///
/// Whoever connects without proving anything can take no more than this many places.
final class HalfOpenConnections: Sendable {
    private struct State {
        var all = 0
        var byNetwork: [CallerNetwork: Int] = [:]
    }

    private let limit: Int
    private let limitPerAddress: Int
    private let state = Mutex(State())

    init(limit: Int, limitPerAddress: Int) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    /// Takes a place; `nil` where there is none.
    func enter(_ network: CallerNetwork) -> Place? {
        let isThereRoom = state.withLock { state in
            let own = state.byNetwork[network] ?? 0
            guard state.all < limit, own < limitPerAddress else { return false }
            state.all += 1
            state.byNetwork[network] = own + 1
            return true
        }
        return isThereRoom ? Place(of: self, network) : nil
    }

    private func leave(_ network: CallerNetwork) {
        state.withLock { state in
            state.all -= 1
            let own = (state.byNetwork[network] ?? 1) - 1
            state.byNetwork[network] = own > 0 ? own : nil
        }
    }

    var count: Int { state.withLock { $0.all } }

    /// A place taken; given back once, at the latest when nobody refers to it.
    final class Place: Sendable {
        private let owner: HalfOpenConnections
        private let network: CallerNetwork
        private let isLeft = Mutex(false)

        init(of owner: HalfOpenConnections, _ network: CallerNetwork) {
            self.owner = owner
            self.network = network
        }

        deinit { leave() }

        func leave() {
            let isFirst = isLeft.withLock { isLeft in
                defer { isLeft = true }
                return !isLeft
            }
            if isFirst { owner.leave(network) }
        }
    }
}
