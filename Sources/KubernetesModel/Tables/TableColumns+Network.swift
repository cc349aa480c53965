import JSONTree

extension TableColumns {
    static let services = TableColumns([
        .objectName, TableColumn("Type"), TableColumn("Cluster-IP"), TableColumn("External-IP"),
        TableColumn("Port(s)"), .age, .wide("Selector"),
    ]) { object, now in
        let spec = object.spec
        return [
            object.nameCell, .string(spec["type"]?.string ?? ""),
            TableCells.text(spec["clusterIPs"]?[0] ?? spec["clusterIP"]), .string(externalAddress(object)),
            .string(servicePorts(spec["ports"])), object.age(now), TableCells.labels(spec["selector"]),
        ]
    }

    private static func externalAddress(_ service: KubernetesObject) -> String {
        let spec = service.spec
        let own = spec["externalIPs"]?.strings ?? []
        switch spec["type"]?.string {
        case "ExternalName": return spec["externalName"]?.string ?? ""
        case "LoadBalancer":
            let ingress = service.status["loadBalancer"]?["ingress"]?.array ?? []
            let addresses = ingress.compactMap { $0["ip"]?.string ?? $0["hostname"]?.string } + own
            return addresses.isEmpty ? "<pending>" : addresses.joined(separator: ",")
        default: return own.isEmpty ? "<none>" : own.joined(separator: ",")
        }
    }

    private static func servicePorts(_ ports: JSON?) -> String {
        let texts = (ports?.array ?? []).map { port in
            let number = port["port"]?.int ?? 0
            let nodePort = port["nodePort"]?.int ?? 0
            let transport = port["protocol"]?.string ?? "TCP"
            return nodePort > 0 ? "\(number):\(nodePort)/\(transport)" : "\(number)/\(transport)"
        }
        return texts.isEmpty ? "<none>" : texts.joined(separator: ",")
    }

    static let endpoints = TableColumns([.objectName, TableColumn("Endpoints"), .age]) { object, now in
        var texts: [String] = []
        for subset in object.json["subsets"]?.array ?? [] {
            let addresses = (subset["addresses"]?.array ?? []).compactMap { $0["ip"]?.string }
            let ports = subset["ports"]?.array ?? []
            if ports.isEmpty { texts += addresses }
            for port in ports {
                let number = port["port"]?.int ?? 0
                texts += addresses.map { $0.contains(":") ? "[\($0)]:\(number)" : "\($0):\(number)" }
            }
        }
        return [object.nameCell, TableCells.firstThree(texts, whenEmpty: "<none>"), object.age(now)]
    }

    static let endpointSlices = TableColumns([
        .objectName, TableColumn("AddressType"), TableColumn("Ports"), TableColumn("Endpoints"), .age,
    ]) { object, now in
        let ports = (object.json["ports"]?.array ?? []).map { $0["port"]?.int.map(String.init) ?? "*" }
        let addresses = (object.json["endpoints"]?.array ?? []).flatMap { $0["addresses"]?.strings ?? [] }
        return [
            object.nameCell, .string(object.json["addressType"]?.string ?? ""),
            TableCells.firstThree(ports, whenEmpty: "<unset>"), TableCells.firstThree(addresses, whenEmpty: "<unset>"),
            object.age(now),
        ]
    }
}
