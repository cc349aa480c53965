import PodHost
import Testing

@testable import PodRuntime

@Suite struct AddressPoolTests {
    @Test("addresses are given out once, and rest before they are given out again")
    func take() throws {
        var pool = try AddressPool(cidr: "10.202.0.0/29")
        #expect(pool.gateway.description == "10.202.0.1")
        let taken = pool.take()
        let first = try #require(taken)
        #expect(first.description == "10.202.0.2")
        pool.release(first)
        #expect(pool.take()?.description == "10.202.0.3")
        let rest = (0..<4).map { _ in pool.take()?.description }
        #expect(rest == ["10.202.0.4", "10.202.0.5", "10.202.0.6", "10.202.0.2"])
        #expect(pool.take() == nil)
    }

    @Test("an address in use is never given out")
    func reserve() throws {
        var pool = try AddressPool(cidr: "10.202.0.0/29")
        pool.reserve(try #require(IPv4Address("10.202.0.2")))
        #expect(pool.take()?.description == "10.202.0.3")
    }

    @Test(
        "a CIDR that is none is refused",
        arguments: ["", "10.0.0.0", "10.0.0.1/16", "10.0.0.0/30", "a/16", "10.0.0.0/x"])
    func refuses(cidr: String) {
        #expect(throws: PodRuntimeError.self) { try AddressPool(cidr: cidr) }
    }
}
