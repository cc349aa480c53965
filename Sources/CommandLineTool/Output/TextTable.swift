/// Rows of words in columns, as kubectl prints them.
enum TextTable {
    /// - Parameter rows: the heading first; all of the same length.
    static func text(_ rows: [[String]]) -> String {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { place, cell in
                place + 1 == columns ? cell : cell + String(repeating: " ", count: widths[place] - cell.count + 3)
            }
            return cells.joined() + "\n"
        }.joined()
    }
}
