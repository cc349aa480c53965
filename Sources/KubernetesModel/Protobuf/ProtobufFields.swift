import CKubernetesSchemas
import JSONTree

/// The numbers of the built-in kinds' fields, by definition.
enum ProtobufFields {
    enum Field: Sendable {
        case named(String)
        /// The message's own fields are members of the object that holds it.
        case inline(String)
    }

    static let byDefinition: [String: [Int: Field]] = {
        var length = 0
        let start = causeway_kubernetes_protobuf(&length)
        let document = try? JSON(parsing: UnsafeBufferPointer(start: start, count: length))
        var result: [String: [Int: Field]] = [:]
        for (name, fields) in document?.object ?? JSONObject() {
            var numbers: [Int: Field] = [:]
            for (number, field) in fields.object ?? JSONObject() {
                guard let number = Int(number) else { continue }
                if let name = field.string {
                    numbers[number] = .named(name)
                } else if let inner = field[0]?.string {
                    numbers[number] = .inline(inner)
                }
            }
            result[name] = numbers
        }
        return result
    }()
}
