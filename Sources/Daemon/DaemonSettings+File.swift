import FoundationEssentials
import Yams

extension DaemonSettings {
    /// Reads a YAML file whose keys are the flags' names; `cluster-labels` may be a mapping.
    ///
    /// - Throws: `DaemonError` with file and line for anything that is not understood.
    init(file path: String) throws(DaemonError) {
        let text: String
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard data.count <= 1 << 20 else { throw DaemonError("longer than 1 MiB") }
            guard let content = String(validating: data, as: UTF8.self) else { throw DaemonError("not UTF-8") }
            text = content
        } catch {
            throw DaemonError("cannot read the configuration file \(path): \(error)")
        }
        try self.init(yaml: text, file: path)
    }

    package init(yaml: String, file: String) throws(DaemonError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw DaemonError("\(file): not YAML: \(error)")
        }
        guard let root else { return }
        guard case .mapping(let mapping) = root else {
            throw DaemonError("\(file):\(root.mark?.line ?? 1): expected settings of the form NAME: VALUE")
        }
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            let place = "\(file):\(key.mark?.line ?? 1)"
            guard Self.names.contains(name) else {
                throw DaemonError(
                    "\(place): unknown setting \"\(name)\"; there are \(Self.names.sorted().joined(separator: ", "))")
            }
            let origin = "\(place): \(name)"
            guard values[name] == nil else { throw DaemonError("\(origin) is set twice") }
            switch value {
            case .scalar(let scalar): values[name] = Value(text: scalar.string, origin: origin)
            case .mapping(let labels) where name == "cluster-labels":
                let pairs = labels.map { "\($0.key.scalar?.string ?? "")=\($0.value.scalar?.string ?? "")" }
                values[name] = Value(text: pairs.joined(separator: ","), origin: origin)
            case .mapping, .sequence, .alias: throw DaemonError("\(origin): expected one value")
            }
        }
    }
}
