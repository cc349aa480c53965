import Testing

@testable import PodRecords

@Suite struct PodLifecycleTests {
    static func at(_ seconds: Int) -> Moment {
        Moment(wall: WallTime(nanoseconds: seconds * 1_000_000_000), monotonic: seconds * 1_000_000_000)
    }

    static func plan(_ policy: RestartPolicy, _ containers: [(String, ContainerKind)]) -> PodPlan {
        PodPlan(
            uid: "u1", namespace: "default", name: "web", hostname: "web", restartPolicy: policy,
            gracePeriodSeconds: 30,
            isolation: .none, network: .host(address: "127.0.0.2"),
            containers: containers.map { ContainerPlan(name: $0.0, kind: $0.1, arguments: ["true"]) })
    }

    static func life(_ policy: RestartPolicy, _ containers: [(String, ContainerKind)]) -> PodLifecycle {
        PodLifecycle(
            plan: plan(policy, containers), bootID: "b1", supervisor: ProcessIdentity(pid: 9, startTicks: 9), at: at(0))
    }

    static let process = ProcessIdentity(pid: 10, startTicks: 5)

    @Test("init containers run in order before the main ones")
    func initOrder() {
        var life = Self.life(.always, [("a", .initial), ("b", .initial), ("m", .main), ("n", .main)])
        #expect(life.advance(at: Self.at(0)) == [.start(container: "a", run: 0)])
        #expect(life.started("a", as: Self.process, at: Self.at(0)) == [])
        #expect(life.state["m"]?.state == .waiting(reason: "PodInitializing", message: ""))
        #expect(life.exited("a", .code(0), at: Self.at(1)) == [.start(container: "b", run: 0)])
        _ = life.started("b", as: Self.process, at: Self.at(1))
        let actions = life.exited("b", .code(0), at: Self.at(2))
        #expect(actions == [.start(container: "m", run: 0), .start(container: "n", run: 0)])
    }

    @Test("an init container that fails under Never fails the pod")
    func initFails() {
        var life = Self.life(.never, [("a", .initial), ("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("a", as: Self.process, at: Self.at(0))
        #expect(life.exited("a", .code(3), at: Self.at(1)) == [])
        #expect(life.state.phase == .finished)
        #expect(life.state["a"]?.state.termination?.exitCode == 3)
    }

    @Test("a container that keeps failing is restarted at once, then after 10 s, then after 20 s")
    func crashLoop() {
        var life = Self.life(.always, [("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("m", as: Self.process, at: Self.at(0))
        #expect(life.exited("m", .code(1), at: Self.at(1)) == [.start(container: "m", run: 1)])
        _ = life.started("m", as: Self.process, at: Self.at(1))
        #expect(life.state["m"]?.restartCount == 1)
        #expect(life.state["m"]?.last?.exitCode == 1)
        #expect(life.exited("m", .signal(9), at: Self.at(2)) == [])
        #expect(
            life.state["m"]?.state
                == .waiting(
                    reason: "CrashLoopBackOff",
                    message: "back-off 10s restarting failed container=m pod=web_default(u1)"))
        #expect(life.state["m"]?.last?.exitCode == 137)
        #expect(life.nextDeadline(after: Self.at(2)) == Self.at(12).monotonic)
        #expect(life.advance(at: Self.at(11)) == [])
        #expect(life.advance(at: Self.at(12)) == [.start(container: "m", run: 2)])
        _ = life.started("m", as: Self.process, at: Self.at(12))
        #expect(life.exited("m", .code(1), at: Self.at(13)) == [])
        #expect(life.nextDeadline(after: Self.at(13)) == Self.at(33).monotonic)
    }

    @Test(
        "the policy decides whether an end is the last",
        arguments: [
            (RestartPolicy.always, 0, true), (.always, 1, true), (.onFailure, 0, false), (.onFailure, 1, true),
            (.never, 0, false), (.never, 1, false),
        ])
    func policy(policy: RestartPolicy, code: Int, restarts: Bool) {
        var life = Self.life(policy, [("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("m", as: Self.process, at: Self.at(0))
        let actions = life.exited("m", .code(code), at: Self.at(1))
        #expect(actions == (restarts ? [.start(container: "m", run: 1)] : []))
        #expect(life.state.phase == (restarts ? .active : .finished))
    }

    @Test("a stop signals, and kills after the grace period")
    func stop() {
        var life = Self.life(.always, [("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("m", as: Self.process, at: Self.at(0))
        #expect(life.stop(gracePeriodSeconds: 5, at: Self.at(10)) == [.signal(container: "m")])
        #expect(life.nextDeadline(after: Self.at(10)) == Self.at(15).monotonic)
        #expect(life.advance(at: Self.at(14)) == [])
        #expect(life.advance(at: Self.at(15)) == [.kill(container: "m")])
        #expect(life.exited("m", .signal(9), at: Self.at(15)) == [])
        #expect(life.state.phase == .finished)
        #expect(life.state["m"]?.state.termination?.exitCode == 137)
    }

    @Test("a second stop can shorten the grace period but not lengthen it")
    func stopTwice() {
        var life = Self.life(.always, [("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("m", as: Self.process, at: Self.at(0))
        _ = life.stop(gracePeriodSeconds: 30, at: Self.at(0))
        #expect(life.stop(gracePeriodSeconds: 60, at: Self.at(1)) == [])
        #expect(life.nextDeadline(after: Self.at(1)) == Self.at(30).monotonic)
        #expect(life.stop(gracePeriodSeconds: 0, at: Self.at(2)) == [.kill(container: "m")])
    }

    @Test("a program that cannot be started counts as ended with 128")
    func startError() {
        var life = Self.life(.never, [("m", .main)])
        _ = life.advance(at: Self.at(0))
        #expect(life.failedToStart("m", message: "no such program", at: Self.at(0)) == [])
        #expect(life.state.phase == .finished)
        #expect(life.state["m"]?.state.termination?.exitCode == 128)
        #expect(life.state["m"]?.state.termination?.reason == "StartError")
    }

    @Test("a sidecar starts before the main containers, and is ended after them")
    func sidecar() {
        var life = Self.life(.never, [("s", .sidecar), ("m", .main)])
        #expect(life.advance(at: Self.at(0)) == [.start(container: "s", run: 0)])
        #expect(life.started("s", as: Self.process, at: Self.at(0)) == [.start(container: "m", run: 0)])
        _ = life.started("m", as: Self.process, at: Self.at(0))
        #expect(life.exited("s", .code(0), at: Self.at(1)) == [.start(container: "s", run: 1)])
        _ = life.started("s", as: Self.process, at: Self.at(1))
        #expect(life.exited("m", .code(0), at: Self.at(2)) == [.signal(container: "s")])
        #expect(life.exited("s", .signal(15), at: Self.at(3)) == [])
        #expect(life.state.phase == .finished)
    }

    @Test("after the supervisor's death what ran is Unknown and runs again per policy")
    func recovery() {
        var life = Self.life(.always, [("a", .initial), ("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("a", as: Self.process, at: Self.at(0))
        _ = life.exited("a", .code(0), at: Self.at(1))
        _ = life.started("m", as: Self.process, at: Self.at(1))
        var next = PodLifecycle(
            plan: life.plan, recovering: life.state, after: .died, bootID: "b1", supervisor: Self.process,
            at: Self.at(20))
        #expect(next.state["m"]?.state.termination?.reason == "Unknown")
        #expect(next.state["m"]?.state.termination?.exitCode == 137)
        #expect(next.advance(at: Self.at(20)) == [.start(container: "a", run: 1)])
        _ = next.started("a", as: Self.process, at: Self.at(20))
        #expect(next.exited("a", .code(0), at: Self.at(21)) == [.start(container: "m", run: 1)])
    }

    @Test("after the supervisor's death a pod that is never restarted has failed")
    func recoveryNever() {
        var life = Self.life(.never, [("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("m", as: Self.process, at: Self.at(0))
        var next = PodLifecycle(
            plan: life.plan, recovering: life.state, after: .rebooted, bootID: "b2", supervisor: Self.process,
            at: Self.at(1))
        #expect(next.advance(at: Self.at(1)) == [])
        #expect(next.state.phase == .finished)
        #expect(next.state["m"]?.state.termination?.exitCode == 255)
    }

    @Test("a state survives being written and read")
    func roundTrip() throws {
        var life = Self.life(.always, [("a", .initial), ("m", .main)])
        _ = life.advance(at: Self.at(0))
        _ = life.started("a", as: Self.process, at: Self.at(0))
        _ = life.exited("a", .code(0), at: Self.at(1))
        _ = life.started("m", as: Self.process, at: Self.at(1))
        #expect(try PodState(life.state.json) == life.state)
        #expect(try PodPlan(life.plan.json) == life.plan)
    }
}
