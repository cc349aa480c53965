import ArgumentParser
import OffloadingModel
import Testing

@testable import CommandLineTool

@Suite struct ArgumentTests {
    @Test("global options may stand before the command")
    func reordered() {
        #expect(
            GlobalArguments.reordered(["--kubeconfig", "a", "-v", "status", "peer", "x"])
                == ["status", "peer", "x", "--kubeconfig", "a", "-v"])
        #expect(
            GlobalArguments.reordered(["--context=c", "status", "--", "x"]) == ["status", "--context=c", "--", "x"])
        #expect(GlobalArguments.reordered(["status", "-v"]) == ["status", "-v"])
        #expect(GlobalArguments.reordered(["--kubeconfig"]) == ["--kubeconfig"])
        #expect(GlobalArguments.reordered(["-v"]) == ["-v"])
    }

    @Test("commands and their options are understood")
    func parses() throws {
        let peer = try #require(
            try RootCommand.parseAsRoot([
                "peer", "oob", "rome", "--auth-url", "tls://a:1", "--cluster-id", "i", "--auth-token-file", "-",
                "--kubeconfig", "k", "--timeout", "90",
            ]) as? PeerOutOfBandCommand)
        #expect(peer.target.name == "rome")
        #expect(peer.target.authURL == "tls://a:1")
        #expect(peer.target.clusterID == "i")
        #expect(peer.target.authTokenFile == "-")
        #expect(peer.target.timeout == TimeSpan(.seconds(90)))
        #expect(peer.global.choice == ClusterChoice(kubeconfig: "k", context: nil))
        #expect(try RootCommand.parseAsRoot(["status"]) is StatusOverviewCommand)
        #expect(try RootCommand.parseAsRoot(["unpeer", "rome"]) is UnpeerOutgoingCommand)
        let unpeer = try #require(try RootCommand.parseAsRoot(["unpeer", "oob", "rome"]) as? UnpeerOutOfBandCommand)
        #expect(unpeer.timeout == TimeSpan(.seconds(120)))
        let offload = try #require(
            try RootCommand.parseAsRoot(["offload", "namespace", "n", "-l", "!a", "--selector=b=c"])
                as? OffloadNamespaceCommand)
        #expect(offload.selector == ["!a", "b=c"])
        #expect(offload.timeout == TimeSpan(.seconds(20)))
        #expect(offload.podOffloadingStrategy == .localAndRemote)
    }

    @Test("the name of the program follows how it was called")
    func name() {
        #expect(Invocation.name("/usr/bin/liqoctl") == "liqoctl")
        #expect(Invocation.name("causewayctl") == "causewayctl")
        #expect(Invocation.name("./anything") == "causewayctl")
        #expect(Invocation.name("") == "causewayctl")
    }

    @Test("spans of time are read and written as people do")
    func timeSpans() {
        #expect(TimeSpan(argument: "90s")?.duration == .seconds(90))
        #expect(TimeSpan(argument: "1h30m")?.duration == .seconds(5400))
        #expect(TimeSpan(argument: "15")?.duration == .seconds(15))
        #expect(TimeSpan(argument: "-1s") == nil)
        #expect(TimeSpan(argument: "soon") == nil)
        #expect(TimeSpan.text(.seconds(900)) == "15m")
        #expect(TimeSpan.text(.seconds(120)) == "120s")
        #expect(TimeSpan.text(.seconds(86_400)) == "24h")
        #expect(TimeSpan.text(.milliseconds(300)) == "300ms")
        #expect(TimeSpan.rounded(.milliseconds(2990)) == .seconds(3))
        #expect(TimeSpan.rounded(.milliseconds(300)) == .milliseconds(300))
    }

    @Test("what looks like a token is taken out of messages, ids and names are not")
    func redaction() {
        let arguments = ["--auth-tokn=\(World.token)", "rome", World.edgeID]
        let text = "unknown '--auth-tokn=\(World.token)' for rome \(World.edgeID)"
        #expect(
            Redaction.redact(text, arguments: arguments) == "unknown '--auth-tokn=<token>' for rome \(World.edgeID)")
    }

    @Test("peer URLs are tls, a host and a port")
    func peerURLs() {
        #expect(PeerURL("tls://edge.example:7443")?.description == "tls://edge.example:7443")
        #expect(PeerURL("tls://[::1]:7443")?.description == "tls://[::1]:7443")
        for text in [
            "tls://", "tls://:1", "tls://a", "tls://a:70000", "tls://a:1/x", "tls://a b:1", "tls://a@b:1", "a:1",
            "tls://::1:7443", "tls://a;b:1", "tls://$a:1", "tls://[]:1",
        ] {
            #expect(PeerURL(text) == nil, "\(text)")
        }
    }

    @Test("version shows the program's, and the daemon's where a cluster is asked")
    func version() async throws {
        let world = World()
        #expect(await world.run("version", "--client") == 0)
        #expect(world.output.written == "Client version: \(CausewayVersion.current)\n")
        #expect(await world.run("version") == 1)
        try await world.install(.hub)
        #expect(await world.run("version", "-o", "json") == 0)
        #expect(world.output.written.contains("\"serverVersion\": \"0.1.0\""))
    }

    @Test("completion prints a script", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async {
        let world = World()
        #expect(await world.run("completion", shell) == 0)
        #expect(world.output.written.contains("causewayctl"))
    }
}
