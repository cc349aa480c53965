import JSONTree

/// The few fields of a pod's spec that may change after it was made.
enum PodUpdate {
    private static let sentence =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"

    static func check(_ new: KubernetesObject, from old: KubernetesObject, _ problems: inout FieldProblems) {
        let path = FieldPath("spec")
        for list in ["containers", "initContainers"] {
            let counts = [new, old].map { $0.spec[list]?.array?.count ?? 0 }
            guard counts[0] != counts[1] else { continue }
            problems.forbidden(path.child(list), "pod updates may not add or remove containers")
            return
        }
        checkDeadline(new, old, path, &problems)
        let tolerations = new.spec["tolerations"]?.array ?? []
        let before = old.spec["tolerations"]?.array ?? []
        if !before.allSatisfy({ toleration in
            tolerations.contains { $0.withoutSeconds == toleration.withoutSeconds }
        }) {
            problems.forbidden(
                path.child("tolerations"), "existing toleration can not be modified except its tolerationSeconds")
        }
        let isGated = checkGates(new, old, path, &problems)
        // What may change is taken from the old pod; all else must be equal.
        var spec = new.spec
        for list in ["containers", "initContainers"] {
            guard let containers = spec[list]?.array, let own = old.spec[list]?.array else { continue }
            spec[list] = .array(
                zip(containers, own).map { container, own in
                    var container = container
                    container["image"] = own["image"]
                    return container
                })
        }
        for key in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] { spec[key] = old.spec[key] }
        if isGated {
            // Whoever holds a pod back may narrow down where it goes.
            checkSelector(new, old, path, &problems)
            spec["nodeSelector"] = old.spec["nodeSelector"]
        }
        if spec["terminationGracePeriodSeconds"] == 1, (old.spec["terminationGracePeriodSeconds"]?.int ?? 0) < 0 {
            spec["terminationGracePeriodSeconds"] = old.spec["terminationGracePeriodSeconds"]
        }
        guard spec != old.spec else { return }
        problems.forbidden(path, sentence + "\n" + differences(old.spec, spec))
    }

    /// - Returns: whether the pod was held back so far.
    private static func checkGates(
        _ new: KubernetesObject, _ old: KubernetesObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) -> Bool {
        let before = (old.spec["schedulingGates"]?.array ?? []).compactMap { $0["name"]?.string }
        for (place, gate) in (new.spec["schedulingGates"]?.array ?? []).enumerated() {
            guard let name = gate["name"]?.string, !before.contains(name) else { continue }
            problems.forbidden(
                path.child("schedulingGates").index(place).child("name"),
                "only deletion is allowed, but found new scheduling gate '\(name)'")
        }
        return !before.isEmpty
    }

    private static func checkSelector(
        _ new: KubernetesObject, _ old: KubernetesObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let after = new.spec["nodeSelector"]?.stringMap ?? [:]
        let before = old.spec["nodeSelector"]?.stringMap ?? [:]
        guard !before.allSatisfy({ after[$0.key] == $0.value }) else { return }
        problems.invalid(
            path.child("nodeSelector"), new.spec["nodeSelector"] ?? .object(JSONObject()),
            "only additions to spec.nodeSelector are allowed (no mutations or deletions)")
    }

    private static func checkDeadline(
        _ new: KubernetesObject, _ old: KubernetesObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        guard let before = old.spec["activeDeadlineSeconds"]?.int else { return }
        let own = path.child("activeDeadlineSeconds")
        guard let after = new.spec["activeDeadlineSeconds"]?.int else {
            problems.invalid(own, "", "must not update from a positive integer to nil value")
            return
        }
        if after > before {
            problems.invalid(own, JSON(after), "must be less than or equal to previous value")
        }
    }

    /// The members that differ, a line for each side, as a diff shows them.
    private static func differences(_ old: JSON, _ new: JSON) -> String {
        var keys = old.object?.keys ?? []
        keys += (new.object?.keys ?? []).filter { !keys.contains($0) }
        return keys.sorted().filter { old[$0] != new[$0] }.map { key in
            let name = JSON.string(key).text()
            let before = old[key]?.text(.canonical) ?? "null"
            let after = new[key]?.text(.canonical) ?? "null"
            return "- \(name): \(before),\n+ \(name): \(after),\n"
        }.joined()
    }
}

extension JSON {
    fileprivate var withoutSeconds: JSON {
        var copy = self
        copy["tolerationSeconds"] = nil
        return copy
    }
}
