/// What an image's name says about its tag.
enum ImageReference {
    /// Whether the image is named by `latest` or by no tag and no digest: the same name may then mean another image later.
    static func hasMovingTag(_ image: String) -> Bool {
        guard !image.contains("@") else { return false }
        let last = image.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let colon = last.lastIndex(of: ":") else { return true }
        return last[last.index(after: colon)...] == "latest"
    }
}
