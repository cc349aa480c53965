import JSONTree

/// The `pod-template-hash` of a pod template: short, stable, safe in names.
enum TemplateHash {
    /// No vowels, so that no hash is a word, and no digits that look like letters.
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// The label that tells the pods of a Deployment's ReplicaSets apart.
    static let label = "pod-template-hash"

    /// At most 10 characters, the same for the same template in any order of members.
    ///
    /// - Parameter collisions: `status.collisionCount`: another hash for a template whose hash is taken by another one.
    static func of(_ template: JSON, collisions: Int) -> String {
        var hash: UInt32 = 2_166_136_261
        func add(_ byte: UInt8) { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        for byte in normalized(template).encoded(JSONFormat(sortedKeys: true)) { add(byte) }
        if collisions > 0 { for byte in String(collisions).utf8 { add(byte) } }
        let letters = String(hash).utf8.map { alphabet[Int($0) % alphabet.count] }
        return String(decoding: letters, as: UTF8.self)
    }

    /// Whether two templates mean the same pods, their hash labels aside.
    static func areEqual(_ left: JSON, _ right: JSON) -> Bool { normalized(left) == normalized(right) }

    /// The template without the hash label, and without members that say nothing: `null` and empty metadata.
    private static func normalized(_ template: JSON) -> JSON {
        var template = withoutNulls(template)
        if template["metadata"]?["labels"] != nil {
            template["metadata", "labels", label] = nil
            if template["metadata"]?["labels"]?.object?.isEmpty == true { template["metadata", "labels"] = nil }
        }
        if template["metadata"]?.object?.isEmpty == true { template["metadata"] = nil }
        return template
    }

    private static func withoutNulls(_ json: JSON) -> JSON {
        switch json {
        case .object(let members):
            .object(JSONObject(members.lazy.filter { !$0.value.isNull }.map { ($0.key, withoutNulls($0.value)) }))
        case .array(let elements): .array(elements.map(withoutNulls))
        case .null, .bool, .number, .string: json
        }
    }
}
