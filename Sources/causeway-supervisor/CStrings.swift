import Glibc

/// A null-terminated array of C strings, for execve; lives until the process ends or becomes another program.
struct CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: strings.count + 1)
        for (place, string) in strings.enumerated() { pointers[place] = strdup(string) }
        pointers[strings.count] = nil
    }

    func free() {
        for place in 0..<count { Glibc.free(pointers[place]) }
        pointers.deallocate()
    }
}
