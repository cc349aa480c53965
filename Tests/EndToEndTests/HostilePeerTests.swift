import JSONTree
import PeerTransport
import TestKit
import Testing
import Wire

extension EndToEnd {
    /// Real daemons, and at their ports strangers and admitted peers that keep to no rule. Each is shut out, the daemon takes no
    /// more memory than these tests say, and another peering goes on meanwhile.
    @Suite(.serialized)
    struct HostilePeerTests {
        /// The daemon that is attacked.
        enum Victim: String, CaseIterable, Sendable {
            /// The hub, at the port where edges join it.
            case hub
            /// An agent, at the port where hubs dial it.
            case agent

            var cluster: String { self == .hub ? "europe-cloud" : "europe-rome-edge" }
            var attacker: PeerRole { self == .hub ? .agent : .hub }
        }

        /// What an attack may cost, in bytes of memory, of a debug build: ten times as much would show a missing bound.
        private static let bound = 160 << 20

        private struct Scene: Sendable {
            let playground: Playground
            let peer: HostilePeer
            let memory: MemoryWatch

            /// Runs an attack beside a peering that is watched: its node stays Ready, and pods come and go on it.
            func attack(_ what: String, _ body: @Sendable () async throws -> Void) async throws {
                let growth = try await memory.growth {
                    async let others: Void = othersGoOn()
                    try await body()
                    try await others
                }
                print("  \(what): \(growth >> 20) MiB more")
                #expect(growth < bound, "\(what): \(growth >> 20) MiB more")
            }

            private func othersGoOn() async throws {
                try await playground.expect(
                    """
                    kubectl scale -n shop deployment/web --replicas 4
                    kubectl rollout status -n shop deployment/web --timeout 60s
                    kubectl scale -n shop deployment/web --replicas 2
                    kubectl wait -n shop deployment/web --for jsonpath='{.status.replicas}'=2 --timeout 60s
                    [[ $(kubectl get node liqo-europe-rome-edge --no-headers | awk '{print $2}') == Ready ]]
                    """)
            }
        }

        private func with(_ victim: Victim, _ body: @Sendable (Scene) async throws -> Void) async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                let edge = "--kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\""
                try await playground.expect(
                    """
                    eval "$(causewayctl generate peer-command --only-command \(edge))"
                    kubectl create namespace shop
                    causewayctl offload namespace shop --pod-offloading-strategy Remote
                    kubectl create deployment web -n shop --image nginxdemos/hello --replicas 2
                    kubectl rollout status -n shop deployment/web --timeout 60s
                    """)
                let line = try await playground.expect(
                    victim == .hub
                        ? "causewayctl generate join-command --only-command"
                        : "causewayctl generate peer-command --only-command \(edge)")
                let id = try await playground.expect(
                    """
                    python3 -c 'import json,sys; print(json.load(sys.stdin)["pid"])' \
                        < "$CAUSEWAY_PLAYGROUND/\(victim.cluster)/state/ready"
                    """)
                let process = try #require(Int(id.split(separator: "\n").last.map(String.init) ?? ""))
                let scene = Scene(
                    playground: playground, peer: try await HostilePeer.enrol(line, as: victim.attacker),
                    memory: MemoryWatch(id: process))
                try await body(scene)
                // It is the same process, and it lets in whoever keeps to the rules.
                try await playground.expect("kill -0 \(process)")
                let session = try await scene.peer.session()
                try await session.close()
                // Nothing of what was said by force has come true.
                try await playground.expect("! kubectl get pods -A -o name | grep evil")
                try await playground.expect("! kubectl get pods,namespaces -A -o name \(edge) | grep evil")
            }
        }

        @Test(
            "a thousand connections that say nothing, half a hello or a byte now and then are closed in time (F12, A10)",
            arguments: Victim.allCases)
        func halfOpen(_ victim: Victim) async throws {
            try await with(victim) { scene in
                let anonymous = try scene.peer.anonymous()
                try await scene.attack("a thousand half-open connections") {
                    var open: [RawConnection] = []
                    for number in 0..<1000 {
                        // From four networks: none may have more than its part of the places.
                        let source = "127.0.0.\(1 + number % 4)"
                        guard let one = try? await scene.peer.stranger(from: source) else { continue }
                        if number % 2 == 0 { _ = try? await one.send(bytes: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]) }
                        open.append(one)
                    }
                    #expect(open.count > 500)
                    // A frame that is promised and comes byte by byte, from a network that has places left.
                    let slow = try await scene.peer.stranger(anonymous, from: "127.0.1.1")
                    try await slow.send(bytes: [0, 0, 1, 0])
                    try await eventually("all are closed", within: .seconds(60)) {
                        _ = await slow.send(bytes: [0x20], within: .seconds(1))
                        return slow.isClosed && open.allSatisfy(\.isClosed)
                    }
                }
            }
        }

        @Test(
            "frames of no length, over the limit and full of nonsense end a stranger's connection with a word (F13, F14)",
            arguments: Victim.allCases)
        func strangers(_ victim: Victim) async throws {
            let deep = [UInt8](String(repeating: "[", count: 60_000).utf8)
            let hostile: [(String, [UInt8], ErrorMessage.Code)] = [
                ("no length", [0, 0, 0, 0, 0], .protocolViolation), ("4 GiB", [255, 255, 255, 255, 0], .limit),
                ("over 64 KiB", [0, 1, 0, 2, 0], .limit), ("an unknown kind", [0, 0, 0, 2, 9, 0], .protocolViolation),
                ("deep JSON", try Frame(.message, deep).encoded(), .protocolViolation),
                ("a bomb", try Frame(.deflatedMessage, Bombs.zeros(1 << 20)).encoded(), .limit),
            ]
            try await with(victim) { scene in
                let anonymous = try scene.peer.anonymous()
                try await scene.attack("strangers' frames, 50 times each") {
                    for _ in 0..<50 {
                        for (what, bytes, code) in hostile {
                            let one = try await scene.peer.stranger(anonymous)
                            try await one.send(bytes: bytes)
                            _ = try await one.receivedUntilClosed(within: .seconds(30))
                            #expect(try await HostilePeer.lastError(one) == code, "\(what)")
                        }
                    }
                }
            }
        }

        @Test(
            "bombs, deep and huge JSON, wrong lengths and floods of an admitted peer end its connection only (F12, F13, F14)",
            arguments: Victim.allCases)
        func admitted(_ victim: Victim) async throws {
            let nines = String(repeating: "9", count: 4_000_000)
            let texts: [(String, String)] = [
                ("deep JSON", #"{"type":"ping","id":"# + String(repeating: "[", count: 4_000_000)),
                ("a huge number", #"{"type":"ping","id":\#(nines)}"#),
                ("a million elements", #"{"type":"x","a":[\#(String(repeating: "1,", count: 1_000_000))1]}"#),
                ("the same key again and again", "{" + String(repeating: #""type":"x","#, count: 600_000) + #""a":1}"#),
            ]
            var hostile = try texts.map { ($0, try Frame(.message, Array($1.utf8)).encoded()) }
            hostile.append(("a bomb", try Frame(.deflatedMessage, Bombs.zeros(64 << 20)).encoded()))
            hostile.append(("4 GiB", [255, 255, 255, 255, 0]))
            hostile.append(("no length", [0, 0, 0, 0, 0]))
            hostile.append(("bytes of no stream", try Frame(.streamData, [0, 0, 0, 9, 1]).encoded()))
            let sets = [
                try HostilePeer.frame(.desired(DesiredMessage(sequence: 7, isComplete: true))),
                try HostilePeer.frame(.observed(ObservedMessage(sequence: 7, isComplete: true))),
            ]
            for set in sets { hostile.append(("a set out of turn, or not its own", set)) }
            let attacks = hostile
            try await with(victim) { scene in
                try await scene.attack("an admitted peer's frames, five times each") {
                    for _ in 0..<5 {
                        for (what, bytes) in attacks {
                            let one = try await scene.peer.session()
                            _ = await one.send(bytes: bytes, within: .seconds(30))
                            _ = try await one.receivedUntilClosed(within: .seconds(30))
                            let code = try await HostilePeer.lastError(one)
                            #expect(
                                code == .limit || code == .protocolViolation, "\(what): \(String(describing: code))")
                        }
                    }
                }
                // Valid messages without an end, from a peer that never reads what they are answered with.
                let pings = try (1...2000).flatMap { try HostilePeer.frame(.ping(PingMessage(id: $0))) }
                try await scene.attack("a flood of pings whose answers nobody reads") {
                    let one = try await scene.peer.session()
                    try await one.stopReading()
                    try await eventually("it is shut out", within: .seconds(60)) {
                        await one.send(bytes: pings, within: .seconds(20)) == false
                    }
                    try? await one.close()
                }
                // Each message whole and large, of a kind that is dropped, and as fast as they are taken.
                let unknown = #"{"type":"weather","sky":"\#(String(repeating: "x", count: 2 << 20))"}"#
                let frame = try Frame(.message, Array(unknown.utf8)).encoded()
                try await scene.attack("400 MiB of messages of an unknown type") {
                    let one = try await scene.peer.session()
                    for _ in 0..<200 where await one.send(bytes: frame, within: .seconds(20)) {}
                    try? await one.close()
                }
            }
        }

        @Test("an edge that reports ever more is refused when it is too much, and the hub takes no more (A7, A10)")
        func reports() async throws {
            try await with(.hub) { scene in
                // Larger than any true status, of pods that there are not, and of those of another edge.
                let status: JSON = ["message": .string(String(repeating: "x", count: 1 << 20))]
                let growth = try await scene.memory.growth {
                    let one = try await scene.peer.served()
                    var number = 0
                    while number < 600 {
                        number += 1
                        let item = ObservedItem(
                            key: .pod("evil", "p\(number)"), hash: "\(number)",
                            content: .pod(ObservedPod(originUID: "u", edgeUID: "e", status: status)))
                        let frame = try HostilePeer.frame(.observed(ObservedMessage(sequence: number, upserts: [item])))
                        guard await one.send(bytes: frame, within: .seconds(20)) else { break }
                        // As one that keeps to the flow control.
                        if number % 16 == 0 { try await HostilePeer.acknowledged(one, number - 8) }
                    }
                    _ = try await one.receivedUntilClosed(within: .seconds(30))
                    #expect(try await HostilePeer.lastError(one) == .limit)
                    #expect(number > 200 && number < 300, "\(number) MiB")
                }
                print("  an edge that reports ever more: \(growth >> 20) MiB more")
                #expect(growth < 600 << 20)
                try await scene.playground.eventually(
                    "[[ $(kubectl get node liqo-europe-rome-edge --no-headers | awk '{print $2}') == Ready ]]")
            }
        }
    }
}
