import ClusterBootstrap
import JSONTree
import KubernetesModel

extension InstallationManifests {
    /// All objects as YAML documents; what `config/kubernetes/` holds.
    var yaml: String { all.map { "---\n\(YAMLText.text($0.object.json))" }.joined() }

    /// All objects as one `v1 List`.
    var list: JSON { Self.list(all.map(\.object)) }

    static func list(_ objects: [KubernetesObject]) -> JSON {
        ["apiVersion": "v1", "kind": "List", "items": .array(objects.map(\.json))]
    }
}
