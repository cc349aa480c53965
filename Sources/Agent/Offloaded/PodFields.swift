import JSONTree

/// Ways through a pod's spec, which may be of any form: a hub has written it.
enum PodFields {
    /// The spec's containers of all kinds, with their fields' paths.
    static func containers(of spec: JSON) -> [(path: String, container: JSON)] {
        ["initContainers", "containers", "ephemeralContainers"].flatMap { list in
            (spec[list]?.array ?? []).enumerated().map { ("spec.\(list)[\($0)]", $1) }
        }
    }

    /// All images that the pod would bring in; what is no text counts as an empty name.
    static func images(of spec: JSON) -> [(path: String, image: String)] {
        let run = containers(of: spec).compactMap { path, container in
            container["image"].map { ("\(path).image", $0.string ?? "") }
        }
        let mounted = (spec["volumes"]?.array ?? []).enumerated().compactMap { index, volume in
            volume["image", "reference"].map { ("spec.volumes[\(index)].image.reference", $0.string ?? "") }
        }
        return run + mounted
    }

    /// Whether a field says anything but no: neither missing, `null`, `false`, zero nor empty.
    static func isSet(_ field: JSON?) -> Bool {
        guard let field, !field.isNull else { return false }
        return field != false && field != "" && field != 0 && field != [] && field != [:]
    }
}
