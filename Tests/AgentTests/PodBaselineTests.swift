import JSONTree
import KubernetesModel
import Testing

@testable import Agent

@Suite("What leads out of a container") struct PodBaselineTests {
    private static func pod(_ spec: JSON, annotations: [String: String] = [:]) -> KubernetesObject {
        KubernetesObject(
            .pods, name: "p", namespace: "demo", ["metadata": ["annotations": JSON(annotations)], "spec": spec])
    }

    private static func container(_ fields: JSON) -> JSON { ["containers": [fields]] }

    private static func context(_ fields: JSON) -> JSON { container(["securityContext": fields]) }

    @Test(
        "is objected to with its field, at whatever level of the pod it stands (A8)",
        arguments: [
            (["hostNetwork": true], "spec.hostNetwork"), (["hostPID": "yes"], "spec.hostPID"),
            (["hostIPC": true], "spec.hostIPC"),
            (["volumes": [["emptyDir": [:]], ["hostPath": [:]]]], "spec.volumes[1].hostPath"),
            (["securityContext": ["sysctls": [["name": "kernel.core_pattern"]]]], "spec.securityContext.sysctls[0]"),
            (["securityContext": ["seccompProfile": ["type": "Unconfined"]]], "spec.securityContext.seccompProfile"),
            (["securityContext": ["windowsOptions": ["hostProcess": true]]], "spec.securityContext.windowsOptions"),
            (context(["privileged": true]), "spec.containers[0].securityContext.privileged"),
            (context(["privileged": "true"]), "spec.containers[0].securityContext.privileged"),
            (
                ["ephemeralContainers": [["securityContext": ["privileged": 1]]]],
                "spec.ephemeralContainers[0].securityContext.privileged"
            ),
            (
                context(["capabilities": ["add": ["CHOWN", "SYS_ADMIN"]]]),
                "spec.containers[0].securityContext.capabilities"
            ),
            (context(["capabilities": ["add": [1]]]), "spec.containers[0].securityContext.capabilities"),
            (context(["procMount": "Unmasked"]), "spec.containers[0].securityContext.procMount"),
            (
                context(["appArmorProfile": ["type": "Unconfined"]]),
                "spec.containers[0].securityContext.appArmorProfile"
            ),
            (context(["seLinuxOptions": ["type": "spc_t"]]), "spec.containers[0].securityContext.seLinuxOptions"),
            (context(["seLinuxOptions": ["role": "sysadm_r"]]), "spec.containers[0].securityContext.seLinuxOptions"),
            (container(["ports": [["containerPort": 80], ["hostPort": 22]]]), "spec.containers[0].ports[1].hostPort"),
            (
                container(["livenessProbe": ["httpGet": ["host": "169.254.169.254"]]]),
                "spec.containers[0].livenessProbe.httpGet.host"
            ),
            (
                container(["lifecycle": ["preStop": ["tcpSocket": ["host": "10.0.0.1"]]]]),
                "spec.containers[0].lifecycle.preStop.tcpSocket.host"
            ),
        ] as [(JSON, String)])
    func objected(_ spec: JSON, _ field: String) {
        let objection = PodBaseline.objection(to: Self.pod(spec))
        #expect(objection?.hasPrefix(field) == true, "\(String(describing: objection))")
    }

    @Test("AppArmor's old annotations are heard as well")
    func annotations() {
        let name = "container.apparmor.security.beta.kubernetes.io/c"
        #expect(PodBaseline.objection(to: Self.pod([:], annotations: [name: "unconfined"])) != nil)
        #expect(PodBaseline.objection(to: Self.pod([:], annotations: [name: "runtime/default"])) == nil)
    }

    @Test(
        "and what does not is nobody's business",
        arguments: [
            [:], ["hostNetwork": false, "hostPID": .null, "volumes": [["hostPath": .null], ["emptyDir": [:]]]],
            container(["image": "nginx", "ports": [["containerPort": 80, "hostPort": 0]]]),
            context([
                "privileged": false, "runAsNonRoot": true,
                "capabilities": ["drop": ["ALL"], "add": ["NET_BIND_SERVICE"]],
                "seccompProfile": ["type": "RuntimeDefault"], "procMount": "Default", "seLinuxOptions": ["level": "s0"],
            ]), container(["readinessProbe": ["httpGet": ["path": "/", "port": 80]]]),
            ["securityContext": ["sysctls": [["name": "net.ipv4.tcp_syncookies", "value": "1"]]]],
        ] as [JSON])
    func kept(_ spec: JSON) {
        #expect(PodBaseline.objection(to: Self.pod(spec)) == nil)
    }
}
