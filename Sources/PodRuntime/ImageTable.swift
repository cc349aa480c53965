/// Which program of the host stands for an image: the process runtime pulls nothing.
///
/// Read from a file, `config/images.yaml`; see there for the format.
public struct ImageTable: Sendable, Hashable {
    /// A file made for each pod before the container starts.
    public struct File: Sendable, Hashable {
        /// Below the container's folder of files; `$(FILES)` in arguments and contents.
        public var path: String
        /// May contain `$(POD_NAME)` and so on.
        public var content: String
        public var isExecutable: Bool

        public init(path: String, content: String, isExecutable: Bool = false) {
            self.path = path
            self.content = content
            self.isExecutable = isExecutable
        }
    }

    public struct Entry: Sendable, Hashable {
        /// The program and its first arguments; a container's `command` replaces all of it.
        public var command: [String]
        /// Further arguments, which a container's `args` replace.
        public var arguments: [String]
        public var environment: [String: String]
        /// Empty for `/`.
        public var workingDirectory: String
        /// Ports the program listens on: `$(PORT_80)` is 80, or 8080 where a pod cannot bind ports below 1024.
        public var ports: [Int]
        public var files: [File]
        /// Programs of the image's own that take the place of the machine's, by path: the machine's programs that stand for
        /// them. Only where containers have mounts of their own.
        public var programs: [String: String]

        public init(
            command: [String], arguments: [String] = [], environment: [String: String] = [:],
            workingDirectory: String = "", ports: [Int] = [], files: [File] = [], programs: [String: String] = [:]
        ) {
            self.command = command
            self.arguments = arguments
            self.environment = environment
            self.workingDirectory = workingDirectory
            self.ports = ports
            self.files = files
            self.programs = programs
        }
    }

    /// Where the table comes from, for messages; empty for a table made in the program.
    public var source: String
    /// By image name, with a tag or without.
    private var entries: [ImageReference: Entry]

    public init(source: String = "", entries: [String: Entry] = [:]) {
        self.source = source
        self.entries = [:]
        for (name, entry) in entries { self.entries[ImageReference(name)] = entry }
    }

    /// The entry for an image: one with its very tag before one for all tags.
    public subscript(image: String) -> Entry? {
        let reference = ImageReference(image)
        if let tag = reference.tag { return entries[reference] ?? entries[without(tag, reference)] }
        return entries[reference] ?? entries[ImageReference("\(reference.repository):latest")]
    }

    /// The machine's programs that stand for those of images.
    var programs: Set<String> { Set(entries.values.flatMap(\.programs.values)) }

    private func without(_ tag: String, _ reference: ImageReference) -> ImageReference {
        ImageReference(reference.repository)
    }

    /// What to tell about an image that is not in the table.
    public func absence(of image: String) -> String {
        let place = source.isEmpty ? "the image table (config/images.yaml)" : "the image table \(source)"
        return """
            image "\(image)" has no entry in \(place), and the process runtime pulls none: \
            add one that says which command stands for it, or give the container a command
            """
    }
}
