public import JSONTree

/// A column of a table (`meta.k8s.io/v1 TableColumnDefinition`).
public struct TableColumn: Sendable, Hashable {
    /// As a heading reads before it is put in capitals, such as `Nominated Node`.
    public let name: String
    /// `string`, `integer`, `number`, `boolean` or `date`.
    public let type: String
    /// `name` for the column that names the row.
    public let format: String
    public let description: String
    /// 0 is always shown, anything above only when wide.
    public let priority: Int

    public init(
        _ name: String, _ type: String = "string", format: String = "", description: String = "", priority: Int = 0
    ) {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
    }

    static let objectName = TableColumn("Name", format: "name")
    static let age = TableColumn("Age")

    static func wide(_ name: String, _ type: String = "string") -> TableColumn {
        TableColumn(name, type, priority: 1)
    }

    public var json: JSON {
        [
            "name": .string(name), "type": .string(type), "format": .string(format),
            "description": .string(description), "priority": JSON(priority),
        ]
    }
}
