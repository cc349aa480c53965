import ArgumentParser
import JSONTree

/// How an object is printed instead of being applied.
enum ManifestFormat: String, ExpressibleByArgument, CaseIterable {
    case yaml
    case json

    func text(_ json: JSON) -> String {
        switch self {
        case .yaml: YAMLText.text(json)
        case .json: json.text(.pretty) + "\n"
        }
    }
}
