public import JSONTree

/// The `FieldsV1` format: an object per place, `.` for the place itself where something lies below it too.
extension FieldSet {
    /// Reads the format.
    ///
    /// - Returns: `nil` where it is malformed.
    public init?(fieldsV1 json: JSON) {
        guard case .object(let object) = json else { return nil }
        self.init()
        var branches: [FieldBranches.Branch] = []
        branches.reserveCapacity(object.count)
        for (key, value) in object {
            guard key != "." else {
                isMember = true
                continue
            }
            guard let element = FieldElement.normalized(key), case .object(let below) = value,
                let child = below.isEmpty ? FieldSet(isMember: true) : FieldSet(fieldsV1: value)
            else { return nil }
            if !child.isEmpty { branches.append(FieldBranches.Branch(element: element, set: child)) }
        }
        children = FieldBranches(unsorted: branches)
    }

    /// Writes the format.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        // Without anything below, the place's own membership is said by its parent.
        if isMember, !children.isEmpty {
            bytes.append(contentsOf: #"".":{}"#.utf8)
            isFirst = false
        }
        for branch in children.list {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            JSON.string(branch.element).encode(into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            branch.set.encode(into: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}
