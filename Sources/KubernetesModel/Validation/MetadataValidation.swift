import JSONTree

/// What holds for the metadata of every object.
enum MetadataValidation {
    private static let metadata = FieldPath("metadata")
    /// All annotations of an object together, in bytes.
    private static let annotationsLimit = 256 * 1024

    static func check(_ object: KubernetesObject, as type: ResourceType, _ problems: inout FieldProblems) {
        let generateName = object.json["metadata"]?["generateName"]?.string ?? ""
        if !generateName.isEmpty {
            // The suffix that the server adds is not there yet: what comes before it must fit as if it were.
            let base = generateName.hasSuffix("-") ? String(generateName.dropLast()) + "a" : generateName
            if let problem = nameProblem(base, type) {
                problems.invalid(metadata.child("generateName"), generateName, problem)
            }
        }
        if object.name.isEmpty {
            problems.required(metadata.child("name"), "name or generateName is required")
        } else if let problem = nameProblem(object.name, type) {
            problems.invalid(metadata.child("name"), object.name, problem)
        }
        if type.isNamespaced {
            if object.namespace.isEmpty {
                problems.required(metadata.child("namespace"))
            } else if let problem = LabelSyntax.problem(dnsLabel: object.namespace) {
                problems.invalid(metadata.child("namespace"), object.namespace, problem)
            }
        } else if !object.namespace.isEmpty {
            problems.forbidden(metadata.child("namespace"), "not allowed on this type")
        }
        checkLabels(object.json["metadata"]?["labels"], metadata.child("labels"), &problems)
        checkAnnotations(object.annotations, metadata.child("annotations"), &problems)
        checkOwners(object.json["metadata"]?["ownerReferences"], &problems)
        for finalizer in object.finalizers {
            guard let problem = LabelSyntax.problem(key: finalizer) else { continue }
            problems.invalid(metadata.child("finalizers"), finalizer, problem)
        }
    }

    /// Which syntax a kind's names have; most are DNS subdomains.
    private static func nameProblem(_ name: String, _ type: ResourceType) -> String? {
        switch type.groupResource {
        case "namespaces": LabelSyntax.problem(dnsLabel: name)
        case "services": problem(dns1035Label: name)
        default: LabelSyntax.problem(subdomain: name)
        }
    }

    /// What is wrong with a name that must be a DNS label that starts with a letter; `nil` where nothing is.
    static func problem(dns1035Label name: String) -> String? {
        let message =
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
            + "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
            + "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
        guard name.utf8.count <= 63 else { return "must be no more than 63 bytes" }
        let first = name.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } ?? false
        return first && LabelSyntax.problem(dnsLabel: name) == nil ? nil : message
    }

    static func checkLabels(_ labels: JSON?, _ path: FieldPath, _ problems: inout FieldProblems) {
        guard let labels = labels?.object else { return }
        for (key, value) in labels {
            if let problem = LabelSyntax.problem(key: key) { problems.invalid(path, key, problem) }
            guard let text = value.string, let problem = LabelSyntax.problem(value: text) else { continue }
            problems.invalid(path, text, problem)
        }
    }

    static func checkAnnotations(
        _ annotations: [String: String], _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        var size = 0
        for key in annotations.keys.sorted() {
            if let problem = LabelSyntax.problem(key: key.lowercased()) { problems.invalid(path, key, problem) }
            size += key.utf8.count + (annotations[key]?.utf8.count ?? 0)
        }
        if size > annotationsLimit { problems.tooLong(path, annotationsLimit) }
    }

    private static func checkOwners(_ owners: JSON?, _ problems: inout FieldProblems) {
        let path = metadata.child("ownerReferences")
        var controller: String?
        for (place, owner) in (owners?.array ?? []).enumerated() {
            let own = path.index(place)
            if owner["apiVersion"]?.string?.isEmpty ?? true {
                problems.invalid(own.child("apiVersion"), "", "version must not be empty")
            }
            for key in ["kind", "name", "uid"] where owner[key]?.string?.isEmpty ?? true {
                problems.invalid(own.child(key), "", "must not be empty")
            }
            guard owner["controller"]?.bool == true else { continue }
            let name = "\(owner["kind"]?.string ?? "")/\(owner["name"]?.string ?? "")"
            if let controller {
                problems.invalid(
                    path, owners ?? .null,
                    "Only one reference can have Controller set to true. Found \"true\" in references for \(controller) "
                        + "and \(name)")
            }
            controller = controller ?? name
        }
    }

    /// What may not change about an object's metadata.
    static func checkUpdate(_ new: KubernetesObject, from old: KubernetesObject, _ problems: inout FieldProblems) {
        for key in ["name", "namespace", "uid", "creationTimestamp"] {
            let before = old.json["metadata"]?[key]
            guard let after = new.json["metadata"]?[key], let before, after != before else { continue }
            problems.invalid(metadata.child(key), after, "field is immutable")
        }
        guard old.isBeingDeleted else { return }
        let added = new.finalizers.filter { !old.finalizers.contains($0) }
        if !added.isEmpty {
            problems.forbidden(
                metadata.child("finalizers"),
                "no new finalizers can be added if the object is being deleted, found new finalizers "
                    + JSON(added).text().replacing(",", with: ", "))
        }
    }
}
