public import JSONTree

/// Why the bytes of a stream are no records.
public struct ContainerRecordError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Problem: Sendable, Hashable {
        /// The first byte of a record is none that is known.
        case unknownKind(UInt8)
        /// A record of this kind cannot be so long.
        case length(Int, kind: UInt8)
        /// The refusal that it carries cannot be read.
        case failure(JSONError)
        /// A record that only the other side sends.
        case wrongSide
        /// The stream ends in the middle of a record.
        case cutShort
    }

    public let problem: Problem

    public init(_ problem: Problem) { self.problem = problem }

    public var description: String {
        switch problem {
        case .unknownKind(let kind): "a record of the unknown kind \(kind)"
        case .length(let length, let kind): "a record of kind \(kind) with \(length) bytes"
        case .failure(let error): "a record of a failure that cannot be read: \(error)"
        case .wrongSide: "a record that only the other side sends"
        case .cutShort: "the stream ends in the middle of a record"
        }
    }
}
