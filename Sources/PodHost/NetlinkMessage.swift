/// One rtnetlink request being written: a header, a fixed part, and attributes that may nest.
struct NetlinkMessage {
    private(set) var bytes: [UInt8] = []

    /// - Parameter flags: beside REQUEST and ACK, which every request has.
    init(type: Int, flags: Int = 0) {
        append(UInt32(0))
        append(UInt16(type))
        append(UInt16(RouteNumbers.request | RouteNumbers.acknowledge | flags))
        append(UInt32(0))
        append(UInt32(0))
    }

    mutating func append<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    /// `struct ifinfomsg`: a link by index (0 for by name), with flags to change.
    mutating func appendLink(index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) {
        append(UInt8(0))
        append(UInt8(0))
        append(UInt16(0))
        append(index)
        append(flags)
        append(change)
    }

    mutating func attribute(_ type: Int, _ payload: some Collection<UInt8>) {
        append(UInt16(4 + payload.count))
        append(UInt16(type))
        bytes.append(contentsOf: payload)
        pad()
    }

    mutating func attribute(_ type: Int, _ value: UInt32) {
        attribute(type, withUnsafeBytes(of: value) { Array($0) })
    }

    /// A string with its terminating zero.
    mutating func attribute(_ type: Int, _ text: String) { attribute(type, Array(text.utf8) + [0]) }

    mutating func nest(_ type: Int, _ content: (inout NetlinkMessage) -> Void) {
        let start = bytes.count
        append(UInt16(0))
        append(UInt16(type))
        content(&self)
        setLength(UInt16(bytes.count - start), at: start)
    }

    private mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }

    private mutating func setLength<T: FixedWidthInteger>(_ value: T, at place: Int) {
        withUnsafeBytes(of: value) { bytes.replaceSubrange(place..<place + $0.count, with: $0) }
    }

    /// The finished request.
    func encoded(sequence: UInt32) -> [UInt8] {
        var copy = self
        copy.setLength(UInt32(bytes.count), at: 0)
        copy.setLength(sequence, at: 8)
        return copy.bytes
    }
}
