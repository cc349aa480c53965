public import JSONTree

/// The parameters of a stream of kind `forward`: one connection to a port inside a pod.
public struct ForwardRequest: Sendable, Hashable {
    /// The pod's key: names at the origin.
    public var pod: ItemKey
    public var port: Int

    public init(pod: ItemKey, port: Int) {
        self.pod = pod
        self.port = port
    }

    /// - Throws: `JSONError` naming the field.
    public init(json: JSON) throws(JSONError) {
        let fields = try JSONFields(json, at: "parameters")
        pod = try fields.pod()
        port = try fields.int("port", in: 1...65_535)
    }

    public var json: JSON { ["pod": .string(pod.text), "port": JSON(port)] }
}
