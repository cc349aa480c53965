public import JSONTree

/// The content of one type of message.
public protocol MessageBody: Sendable, Hashable {
    /// The discriminator: the value of `type` on the wire. Never changed, never given to another message.
    static var type: String { get }

    /// Reads the fields that this version knows and ignores all others.
    ///
    /// - Throws: `JSONError` naming the field that is missing or wrong.
    init(fields: JSONFields) throws(JSONError)

    /// Adds the fields to an object that holds the discriminator already.
    func write(into object: inout JSONObject)
}

extension MessageBody {
    /// The message as it goes over the wire.
    public var json: JSON {
        var object = JSONObject()
        object["type"] = .string(Self.type)
        write(into: &object)
        return .object(object)
    }

    /// Reads the message back, without looking at its discriminator.
    public init(json: JSON) throws(JSONError) { try self.init(fields: JSONFields(json, at: Self.type)) }
}
