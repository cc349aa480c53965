import JSONTree

extension TableColumns {
    static let namespaces = TableColumns([.objectName, TableColumn("Status"), .age]) { object, now in
        [object.nameCell, .string(object.status["phase"]?.string ?? ""), object.age(now)]
    }

    static let nodes = TableColumns([
        .objectName, TableColumn("Status"), TableColumn("Roles"), .age, TableColumn("Version"),
        .wide("Internal-IP"), .wide("External-IP"), .wide("OS-Image"), .wide("Kernel-Version"),
        .wide("Container-Runtime"),
    ]) { object, now in
        let info = object.status["nodeInfo"]
        func address(_ type: String) -> JSON {
            TableCells.text(object.status["addresses"]?.array?.first { $0["type"]?.string == type }?["address"])
        }
        return [
            object.nameCell, .string(nodeStatus(object)), nodeRoles(object), object.age(now),
            .string(info?["kubeletVersion"]?.string ?? ""), address("InternalIP"), address("ExternalIP"),
            TableCells.text(info?["osImage"], or: "<unknown>"),
            TableCells.text(info?["kernelVersion"], or: "<unknown>"),
            TableCells.text(info?["containerRuntimeVersion"], or: "<unknown>"),
        ]
    }

    private static func nodeStatus(_ node: KubernetesObject) -> String {
        var text = "Unknown"
        if let ready = Conditions.find("Ready", in: node.status["conditions"]) {
            text = ready["status"]?.string == "True" ? "Ready" : "NotReady"
        }
        return node.spec["unschedulable"]?.bool == true ? "\(text),SchedulingDisabled" : text
    }

    private static func nodeRoles(_ node: KubernetesObject) -> JSON {
        let prefix = "node-role.kubernetes.io/"
        var roles: Set<String> = []
        for (key, value) in node.labels {
            if key.hasPrefix(prefix) {
                let role = String(key.dropFirst(prefix.count))
                if !role.isEmpty { roles.insert(role) }
            } else if key == "kubernetes.io/role", !value.isEmpty {
                roles.insert(value)
            }
        }
        return roles.isEmpty ? TableCells.none : .string(roles.sorted().joined(separator: ","))
    }

    static let configMaps = TableColumns([.objectName, TableColumn("Data"), .age]) { object, now in
        let count = (object.json["data"]?.object?.count ?? 0) + (object.json["binaryData"]?.object?.count ?? 0)
        return [object.nameCell, JSON(count), object.age(now)]
    }

    static let secrets = TableColumns([
        .objectName, TableColumn("Type"), TableColumn("Data"), .age,
    ]) { object, now in
        [
            object.nameCell, .string(object.json["type"]?.string ?? ""), JSON(object.json["data"]?.object?.count ?? 0),
            object.age(now),
        ]
    }

    static let serviceAccounts = TableColumns([.objectName, TableColumn("Secrets"), .age]) { object, now in
        [object.nameCell, JSON(object.json["secrets"]?.array?.count ?? 0), object.age(now)]
    }

    static let leases = TableColumns([.objectName, TableColumn("Holder"), .age]) { object, now in
        [object.nameCell, .string(object.spec["holderIdentity"]?.string ?? ""), object.age(now)]
    }
}
