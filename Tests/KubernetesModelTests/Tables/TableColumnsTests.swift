import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Table columns")
struct TableColumnsTests {
    private static let byPlural: [String: TableColumns] = [
        "namespaces": .columns(for: .namespaces), "pods": .columns(for: .pods), "services": .columns(for: .services),
        "configmaps": .columns(for: .configMaps), "secrets": .columns(for: .secrets),
        "deployments": .columns(for: .deployments), "replicasets": .columns(for: .replicaSets),
        "customresourcedefinitions": .columns(for: .customResourceDefinitions),
        "widgets": TableColumns(additionalPrinterColumns: [
            ["name": "Size", "type": "integer", "jsonPath": ".spec.size"],
            ["name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"],
            ["name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"],
        ]),
    ]

    @Test("columns and rows are those of a real server")
    func recorded() throws {
        var compared = 0
        for line in try Fixture.lines("tables") {
            let path = try #require(line["path"]?.string)
            let plural = try #require(path.split(separator: "/").last { Self.byPlural[String($0)] != nil })
            let table = try #require(Self.byPlural[String(plural)])
            let columns = table.columns.map(\.json.withoutDescription)
            #expect(columns == line["columns"]?.array?.map(\.withoutDescription), "\(path)")
            for row in line["rows"]?.array ?? [] {
                let object = KubernetesObject(try #require(row["object"]))
                let cells = table.row(object, Timestamp.seconds(object.creationTimestamp) ?? 0)
                let expected = try #require(row["cells"]?.array)
                for (place, column) in table.columns.enumerated() where column.name != "Age" {
                    #expect(cells[place] == expected[place], "\(path) \(column.name)")
                }
                compared += 1
            }
        }
        #expect(compared >= 10)
    }

    @Test(
        "ages read as kubectl writes them",
        arguments: [
            (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (600, "10m"),
            (3 * 3600 - 1, "179m"), (3 * 3600, "3h"), (3 * 3600 + 60, "3h1m"), (9 * 3600 + 60, "9h"),
            (47 * 3600, "47h"), (48 * 3600, "2d"), (50 * 3600, "2d2h"), (8 * 86400 + 3600, "8d"), (729 * 86400, "729d"),
            (730 * 86400, "2y"), (740 * 86400, "2y10d"), (9 * 365 * 86400, "9y"),
        ])
    func ages(seconds: Int, text: String) { #expect(HumanDuration.text(seconds) == text) }

    @Test("a node's status and roles are told from its conditions and labels")
    func nodes() {
        let node = KubernetesObject([
            "metadata": [
                "name": "n", "creationTimestamp": "2026-11-21T08:00:00Z",
                "labels": ["node-role.kubernetes.io/agent": "", "kubernetes.io/role": "edge"],
            ],
            "spec": ["unschedulable": true],
            "status": [
                "conditions": [["type": "Ready", "status": "True"]], "nodeInfo": ["kubeletVersion": "v1.36.2"],
                "addresses": [["type": "InternalIP", "address": "10.0.0.1"]],
            ],
        ])
        let now = Timestamp.seconds("2026-11-21T08:01:01Z") ?? 0
        #expect(
            JSON.array(TableColumns.columns(for: .nodes).row(node, now)) == [
                "n", "Ready,SchedulingDisabled", "agent,edge", "61s", "v1.36.2", "10.0.0.1", "<none>", "<unknown>",
                "<unknown>", "<unknown>",
            ])
    }
}

extension JSON {
    fileprivate var withoutDescription: JSON { without([["description"]]) }
}
