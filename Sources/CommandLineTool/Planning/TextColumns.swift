/// Rows in columns as wide as their widest cell, three spaces apart, as kubectl prints tables.
enum TextColumns {
    static func lines(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (place, cell) in row.enumerated() {
                if widths.count <= place { widths.append(0) }
                widths[place] = max(widths[place], cell.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (place, cell) in row.enumerated() {
                line += cell
                if place < row.count - 1 { line += String(repeating: " ", count: widths[place] - cell.count + 3) }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
