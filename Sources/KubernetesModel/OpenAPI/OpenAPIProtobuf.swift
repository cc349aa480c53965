public import JSONTree

/// The protobuf form of an OpenAPI v2 document, which is the only one that kubectl before 1.27 asks for.
///
/// The messages and their numbers are gnostic's (`openapiv2/OpenAPIv2.proto`); only what `OpenAPIVersion2` writes is known
/// here. Values of extensions go as text, which may be JSON because JSON is YAML.
public enum OpenAPIProtobuf {
    public static func encode(_ document: JSON) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.text(1, document["swagger"])
        writer.message(2) { info in
            info.text(1, document["info"]?["title"])
            info.text(2, document["info"]?["version"])
        }
        writer.message(8) { paths in
            for (path, item) in members(document["paths"]) {
                paths.message(2) { named in
                    named.text(1, path)
                    named.message(2) { self.item(item, &$0) }
                }
            }
        }
        writer.message(9) { schemas(document["definitions"], &$0) }
        return writer.bytes
    }

    private static func members(_ json: JSON?) -> JSONObject { json?.object ?? JSONObject() }

    private static func extensions(_ node: JSON, _ field: Int, _ writer: inout ProtobufWriter) {
        for (key, value) in members(node) where key.hasPrefix("x-") {
            writer.message(field) { named in
                named.text(1, key)
                named.message(2) { any in any.text(2, value.text()) }
            }
        }
    }

    // MARK: Paths

    private static let methods = ["get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8]

    private static func item(_ item: JSON, _ writer: inout ProtobufWriter) {
        for (key, value) in members(item) {
            guard let field = methods[key] else { continue }
            writer.message(field) { operation(value, &$0) }
        }
        parameters(item["parameters"], 9, &writer)
    }

    private static func operation(_ operation: JSON, _ writer: inout ProtobufWriter) {
        for tag in operation["tags"]?.strings ?? [] { writer.text(1, tag) }
        writer.text(5, operation["operationId"])
        for type in operation["produces"]?.strings ?? [] { writer.text(6, type) }
        for type in operation["consumes"]?.strings ?? [] { writer.text(7, type) }
        parameters(operation["parameters"], 8, &writer)
        writer.message(9) { responses in
            for (code, answer) in members(operation["responses"]) {
                responses.message(1) { named in
                    named.text(1, code)
                    named.message(2) { value in value.message(1) { response(answer, &$0) } }
                }
            }
        }
        extensions(operation, 13, &writer)
    }

    private static func response(_ response: JSON, _ writer: inout ProtobufWriter) {
        writer.text(1, response["description"])
        guard let schema = response["schema"] else { return }
        writer.message(2) { item in item.message(1) { self.schema(schema, &$0) } }
    }

    private static func parameters(_ list: JSON?, _ field: Int, _ writer: inout ProtobufWriter) {
        for parameter in list?.array ?? [] {
            writer.message(field) { item in item.message(1) { self.parameter(parameter, &$0) } }
        }
    }

    private static func parameter(_ parameter: JSON, _ writer: inout ProtobufWriter) {
        let place = parameter["in"]?.string
        guard place != "body" else {
            return writer.message(1) { body in
                body.text(2, parameter["name"])
                body.text(3, place)
                body.flag(4, parameter["required"])
                if let schema = parameter["schema"] { body.message(5) { self.schema(schema, &$0) } }
            }
        }
        let isInPath = place == "path"
        writer.message(2) { other in
            other.message(isInPath ? 4 : 3) { value in
                value.flag(1, parameter["required"])
                value.text(2, place)
                value.text(4, parameter["name"])
                value.text(isInPath ? 5 : 6, parameter["type"])
                value.flag(isInPath ? 19 : 20, parameter["uniqueItems"])
            }
        }
    }

    // MARK: Schemas

    private static func schemas(_ named: JSON?, _ writer: inout ProtobufWriter) {
        for (name, schema) in members(named) {
            writer.message(1) { member in
                member.text(1, name)
                member.message(2) { self.schema(schema, &$0) }
            }
        }
    }

    private static func schema(_ schema: JSON, _ writer: inout ProtobufWriter) {
        for (key, value) in members(schema) {
            switch key {
            case "$ref": writer.text(1, value)
            case "format": writer.text(2, value)
            case "title": writer.text(3, value)
            case "description": writer.text(4, value)
            case "default": writer.message(5) { $0.text(2, value.text()) }
            case "multipleOf": writer.number(6, value)
            case "maximum": writer.number(7, value)
            case "exclusiveMaximum": writer.flag(8, value)
            case "minimum": writer.number(9, value)
            case "exclusiveMinimum": writer.flag(10, value)
            case "maxLength": writer.whole(11, value)
            case "minLength": writer.whole(12, value)
            case "pattern": writer.text(13, value)
            case "maxItems": writer.whole(14, value)
            case "minItems": writer.whole(15, value)
            case "uniqueItems": writer.flag(16, value)
            case "maxProperties": writer.whole(17, value)
            case "minProperties": writer.whole(18, value)
            case "required": for name in value.strings ?? [] { writer.text(19, name) }
            case "enum": for choice in value.array ?? [] { writer.message(20) { $0.text(2, choice.text()) } }
            case "additionalProperties":
                writer.message(21) { more in
                    if value.object != nil { more.message(1) { self.schema(value, &$0) } } else { more.flag(2, value) }
                }
            case "type": writer.message(22) { $0.text(1, value) }
            case "items": writer.message(23) { items in items.message(1) { self.schema(value, &$0) } }
            case "properties": writer.message(25) { schemas(value, &$0) }
            default: break
            }
        }
        extensions(schema, 31, &writer)
    }
}

extension ProtobufWriter {
    fileprivate mutating func text(_ field: Int, _ value: JSON?) { text(field, value?.string) }

    fileprivate mutating func flag(_ field: Int, _ value: JSON?) {
        if value?.bool == true { varint(field, 1) }
    }

    fileprivate mutating func whole(_ field: Int, _ value: JSON) {
        if let number = value.int { varint(field, UInt64(bitPattern: Int64(number))) }
    }

    fileprivate mutating func number(_ field: Int, _ value: JSON) {
        if let number = value.number?.double { double(field, number) }
    }
}
