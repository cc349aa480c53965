import PeerTransport
import Testing

@Suite struct CallerNetworkTests {
    @Test("an IPv4 address counts alone, whichever socket it comes over, and IPv6 by its /64 (A3)")
    func networks() {
        #expect(CallerNetwork("192.0.2.1") != CallerNetwork("192.0.2.2"))
        #expect(CallerNetwork("::ffff:192.0.2.1") == CallerNetwork("192.0.2.1"))
        #expect(CallerNetwork("2001:db8::1") == CallerNetwork("2001:db8::ffff:1"))
        #expect(CallerNetwork("2001:db8::1") != CallerNetwork("2001:db8:0:1::1"))
        #expect(CallerNetwork("fe80::1%eth0") == CallerNetwork("fe80::2"))
        #expect(CallerNetwork("") == CallerNetwork("no address"))
    }
}
