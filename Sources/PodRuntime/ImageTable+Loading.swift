import PodHost
import Yams

extension ImageTable {
    /// Reads a table; an unknown key anywhere is an error that names file, line and key.
    ///
    /// - Throws: `PodRuntimeError` (`configuration`).
    public init(contentsOf path: String) throws(PodRuntimeError) {
        do {
            let bytes = try PodFiles.read(path)
            try self.init(yaml: String(decoding: bytes, as: UTF8.self), source: path)
        } catch let error as PodRuntimeError {
            throw error
        } catch {
            throw PodRuntimeError(.configuration, "cannot read the image table: \(error)")
        }
    }

    /// - Parameter source: the file's name, for messages.
    public init(yaml: String, source: String) throws(PodRuntimeError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw PodRuntimeError(.configuration, "\(source): \(error)")
        }
        self.init(source: source)
        guard let root else { return }
        let reader = Reader(source: source)
        var entries: [String: Entry] = [:]
        for (key, value) in try reader.mapping(root, "the file") {
            guard key.text == "images" else { throw reader.unknown(key, ["images"]) }
            for (image, node) in try reader.mapping(value, "images") {
                entries[image.text] = try reader.entry(node, image.text)
            }
        }
        self.init(source: source, entries: entries)
    }

    private struct Key {
        let text: String
        let mark: Mark?
    }

    /// Turns nodes into values, and says where they are wrong.
    private struct Reader {
        let source: String

        func error(_ mark: Mark?, _ message: String) -> PodRuntimeError {
            PodRuntimeError(.configuration, "\(source):\(mark.map { "\($0.line):" } ?? "") \(message)")
        }

        func unknown(_ key: Key, _ known: [String]) -> PodRuntimeError {
            error(key.mark, "unknown key \"\(key.text)\"; known here: \(known.joined(separator: ", "))")
        }

        func mapping(_ node: Node, _ what: String) throws(PodRuntimeError) -> [(Key, Node)] {
            guard let mapping = node.mapping else { throw error(node.mark, "\(what) must be a mapping") }
            var pairs: [(Key, Node)] = []
            for (key, value) in mapping {
                guard let text = key.scalar?.string else { throw error(key.mark, "a key of \(what) must be text") }
                pairs.append((Key(text: text, mark: key.mark), value))
            }
            return pairs
        }

        func text(_ node: Node, _ what: String) throws(PodRuntimeError) -> String {
            guard let text = node.scalar?.string else { throw error(node.mark, "\(what) must be text") }
            return text
        }

        func texts(_ node: Node, _ what: String) throws(PodRuntimeError) -> [String] {
            guard let sequence = node.sequence else { throw error(node.mark, "\(what) must be a list of texts") }
            var texts: [String] = []
            for element in sequence { texts.append(try text(element, "an element of \(what)")) }
            return texts
        }

        func entry(_ node: Node, _ image: String) throws(PodRuntimeError) -> Entry {
            var entry = Entry(command: [])
            for (key, value) in try mapping(node, "images.\(image)") {
                let name = "images.\(image).\(key.text)"
                switch key.text {
                case "command": entry.command = try texts(value, name)
                case "arguments": entry.arguments = try texts(value, name)
                case "workingDirectory": entry.workingDirectory = try text(value, name)
                case "env":
                    for (variable, value) in try mapping(value, name) {
                        entry.environment[variable.text] = try text(value, "\(name).\(variable.text)")
                    }
                case "ports":
                    for port in try texts(value, name) {
                        guard let number = Int(port), (1...65_535).contains(number) else {
                            throw error(value.mark, "\(name): \"\(port)\" is no port (1 to 65535)")
                        }
                        entry.ports.append(number)
                    }
                case "programs":
                    for (path, value) in try mapping(value, name) {
                        let program = try text(value, "\(name).\(path.text)")
                        guard path.text.hasPrefix("/"), program.hasPrefix("/") else {
                            throw error(path.mark, "\(name).\(path.text): both paths must begin with /")
                        }
                        entry.programs[path.text] = program
                    }
                case "files":
                    for (path, value) in try mapping(value, name) { entry.files.append(try file(path, value, name)) }
                default:
                    throw unknown(
                        key, ["command", "arguments", "env", "workingDirectory", "ports", "files", "programs"])
                }
            }
            guard !entry.command.isEmpty else { throw error(node.mark, "images.\(image).command is missing or empty") }
            return entry
        }

        private func file(_ path: Key, _ node: Node, _ what: String) throws(PodRuntimeError) -> File {
            guard !path.text.hasPrefix("/"), !path.text.split(separator: "/").contains("..") else {
                throw error(path.mark, "\(what).\(path.text): the path must stay below the container's files")
            }
            var file = File(path: path.text, content: "")
            for (key, value) in try mapping(node, "\(what).\(path.text)") {
                switch key.text {
                case "content": file.content = try text(value, "\(what).\(path.text).content")
                case "executable":
                    guard let flag = value.bool else { throw error(value.mark, "executable must be true or false") }
                    file.isExecutable = flag
                default: throw unknown(key, ["content", "executable"])
                }
            }
            return file
        }
    }
}
