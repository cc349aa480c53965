import JSONTree

/// What holds for a `CustomResourceDefinition` as a whole.
enum DefinitionOfCustomResource {
    @Sendable static func check(_ object: KubernetesObject, _ problems: inout FieldProblems) {
        let spec = object.spec
        let path = FieldPath("spec")
        let group = spec["group"]?.string ?? ""
        let plural = spec["names"]?["plural"]?.string ?? ""
        if object.name != "\(plural).\(group)" {
            problems.invalid(
                FieldPath("metadata.name"), object.name, "must be spec.names.plural+\".\"+spec.group")
        }
        if !group.isEmpty, !group.contains(".") {
            problems.invalid(path.child("group"), group, "should be a domain with at least one dot")
        }
        let versions = spec["versions"]?.array ?? []
        if versions.filter({ $0["storage"]?.bool == true }).count != 1, !versions.isEmpty {
            problems.invalid(
                path.child("versions"), .array(versions.map { $0["name"] ?? "" }),
                "must have exactly one version marked as storage version")
        }
        for (place, version) in versions.enumerated() {
            let own = path.child("versions").index(place)
            let name = version["name"]?.string ?? ""
            if name.isEmpty {
                problems.required(own.child("name"))
            } else if let problem = MetadataValidation.problem(dns1035Label: name) {
                problems.invalid(own.child("name"), name, problem)
            }
            guard let schema = version["schema"]?["openAPIV3Schema"], schema.object != nil else {
                problems.required(
                    own.child("schema").child("openAPIV3Schema"), "schemas are required")
                continue
            }
            let root = own.child("schema").child("openAPIV3Schema")
            if schema["type"]?.string != "object" {
                if schema["type"] == nil {
                    problems.required(root.child("type"), "must not be empty at the root")
                } else {
                    problems.invalid(root.child("type"), schema["type"] ?? "", "must be object at the root")
                }
            }
            DefinitionExpressions.check(schema, root, &problems)
            for (key, child) in schema["properties"]?.object ?? JSONObject() where key != "metadata" {
                checkNode(child, root.child("properties").key(key), &problems)
            }
            for (place, column) in (version["additionalPrinterColumns"]?.array ?? []).enumerated() {
                guard let text = column["jsonPath"]?.string, !text.isEmpty, (try? JSONPath(text)) == nil else {
                    continue
                }
                problems.invalid(
                    own.child("additionalPrinterColumns").index(place).child("jsonPath"), text,
                    "is an invalid JSON path")
            }
        }
    }

    private static let types: [JSON] = ["array", "boolean", "integer", "number", "object", "string"]

    /// A schema must be structural: every node has a type, and what it holds has one too.
    private static func checkNode(_ node: JSON, _ path: FieldPath, _ problems: inout FieldProblems) {
        let isFree =
            node["x-kubernetes-int-or-string"]?.bool == true
            || node["x-kubernetes-preserve-unknown-fields"]?.bool == true
        if let type = node["type"] {
            if !types.contains(type) { problems.unsupported(path.child("type"), type, types) }
        } else if !isFree {
            problems.required(path.child("type"), "must not be empty for specified object fields")
        }
        if node["type"] == "array" {
            if let items = node["items"] {
                checkNode(items, path.child("items"), &problems)
            } else {
                problems.required(path.child("items"), "must be specified")
            }
        }
        if let pattern = node["pattern"]?.string {
            do throws(Pattern.Malformed) {
                _ = try Pattern(pattern)
            } catch {
                problems.invalid(
                    path.child("pattern"), pattern,
                    "must be a valid regular expression, but isn't: error parsing regexp: \(error.message)")
            }
        }
        if node["properties"] != nil, node["additionalProperties"]?.object != nil {
            problems.forbidden(
                path.child("additionalProperties"), "additionalProperties and properties are mutual exclusive")
        }
        if let child = node["additionalProperties"], child.object != nil {
            checkNode(child, path.child("additionalProperties"), &problems)
        }
        for (key, child) in node["properties"]?.object ?? JSONObject() {
            checkNode(child, path.child("properties").key(key), &problems)
        }
    }
}
