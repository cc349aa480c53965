import JSONTree

/// Texts that several kinds' cells share.
enum TableCells {
    static let none: JSON = "<none>"

    /// Labels as `a=1,b=2`.
    static func labels(_ map: JSON?) -> JSON {
        let labels = map?.stringMap ?? [:]
        guard !labels.isEmpty else { return none }
        return .string(labels.keys.sorted().map { "\($0)=\(labels[$0] ?? "")" }.joined(separator: ","))
    }

    /// A `LabelSelector` as text; `<none>` where it is empty or absent.
    static func selector(_ json: JSON?) -> JSON {
        guard let json else { return none }
        guard let selector = try? LabelSelector(json) else { return "<error>" }
        let text = LabelSelector(selector.requirements.sorted { $0.key < $1.key }).text
        return text.isEmpty ? none : .string(text)
    }

    /// The names and the images of a pod template's containers, each joined with commas.
    static func containers(_ template: JSON?) -> [JSON] {
        let containers = template?["spec"]?["containers"]?.array ?? []
        return ["name", "image"].map { key in
            .string(containers.map { $0[key]?.string ?? "" }.joined(separator: ","))
        }
    }

    static func text(_ value: JSON?, or absent: String = "<none>") -> JSON {
        guard let text = value?.string, !text.isEmpty else { return .string(absent) }
        return .string(text)
    }

    static func count(_ value: JSON?) -> JSON { JSON(value?.int ?? 0) }

    /// The first three of a list, and how many more there are.
    static func firstThree(_ texts: [String], whenEmpty: String) -> JSON {
        guard !texts.isEmpty else { return .string(whenEmpty) }
        let shown = texts.prefix(3).joined(separator: ",")
        return .string(texts.count > 3 ? "\(shown) + \(texts.count - 3) more..." : shown)
    }
}
