public import JSONTree

extension TableColumns {
    /// The columns of a custom resource, from the `additionalPrinterColumns` of its version; name and age where there are
    /// none. A column whose path cannot be understood stays empty.
    public init(additionalPrinterColumns json: JSON?) {
        guard let definitions = json?.array, !definitions.isEmpty else {
            self.init([.objectName, TableColumn("Age", "date")]) { object, now in [object.nameCell, object.age(now)] }
            return
        }
        let columns = definitions.map { definition in
            TableColumn(
                definition["name"]?.string ?? "", definition["type"]?.string ?? "string",
                format: definition["format"]?.string ?? "", description: definition["description"]?.string ?? "",
                priority: definition["priority"]?.int ?? 0)
        }
        let paths = definitions.map { try? JSONPath($0["jsonPath"]?.string ?? "") }
        self.init([.objectName] + columns) { object, now in
            [object.nameCell]
                + zip(columns, paths).map { column, path in
                    Self.cell(path?.values(in: object.json).first, column.type, now)
                }
        }
    }

    /// A value as a cell of a type; `null` where it is absent or of another type.
    private static func cell(_ value: JSON?, _ type: String, _ now: Int) -> JSON {
        guard let value, !value.isNull else { return .null }
        switch type {
        case "integer":
            if let whole = value.int { return JSON(whole) }
            return value.double.flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { JSON($0) } ?? .null
        case "number": return value.number.map(JSON.number) ?? .null
        case "boolean": return value.bool.map(JSON.bool) ?? .null
        case "date": return value.string.map { .string(HumanDuration.since($0, now: now)) } ?? .null
        default: return .string(value.string ?? value.text())
        }
    }
}
