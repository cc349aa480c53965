import JSONTree
import KubernetesModel

/// The level "baseline" of Kubernetes' Pod Security Standards: what leads from a container to its machine.
///
/// Pure. As published for Kubernetes 1.36; what is not a form that the standard names is objected to.
enum PodBaseline {
    private static let capabilities: Set<String> = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID",
        "SETPCAP", "SETUID", "SYS_CHROOT",
    ]
    private static let sysctls: Set<String> = [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ]
    private static let selinuxTypes: Set<String> = [
        "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t",
    ]
    private static let appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/"

    /// - Returns: what the pod may not have, with the field; `nil` where it keeps to the level.
    static func objection(to pod: KubernetesObject) -> String? {
        let spec = pod.spec
        for (field, what) in [("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "IPC")]
        where PodFields.isSet(spec[field]) {
            return "spec.\(field): the edge does not share its machines' \(what) with offloaded pods"
        }
        for (index, volume) in (spec["volumes"]?.array ?? []).enumerated()
        where volume["hostPath"].map({ !$0.isNull }) == true {
            return "spec.volumes[\(index)].hostPath: the edge does not share its machines' files with offloaded pods"
        }
        for (name, profile) in pod.annotations
        where name.hasPrefix(appArmorAnnotation) && profile != "runtime/default" && !profile.hasPrefix("localhost/") {
            return "metadata.annotations[\(name)]: the edge does not take AppArmor from offloaded pods"
        }
        if let objection = confinement("spec.securityContext", spec["securityContext"] ?? .null) { return objection }
        for (index, sysctl) in (spec["securityContext", "sysctls"]?.array ?? []).enumerated()
        where !sysctls.contains(sysctl["name"]?.string ?? "") {
            return "spec.securityContext.sysctls[\(index)]: the edge does not let offloaded pods set it"
        }
        for (path, container) in PodFields.containers(of: spec) {
            if let objection = objection(path, container) { return objection }
        }
        return nil
    }

    private static func objection(_ path: String, _ container: JSON) -> String? {
        let context = container["securityContext"] ?? .null
        if PodFields.isSet(context["privileged"]) {
            return "\(path).securityContext.privileged: the edge runs no privileged offloaded containers"
        }
        for capability in context["capabilities", "add"]?.array ?? []
        where !capabilities.contains(capability.string ?? "") {
            return "\(path).securityContext.capabilities.add: the edge gives offloaded containers no \(capability)"
        }
        if let mount = context["procMount"]?.string, mount != "Default" {
            return "\(path).securityContext.procMount: the edge hides what the kernel's files tell of its machines"
        }
        for (index, port) in (container["ports"]?.array ?? []).enumerated() where PodFields.isSet(port["hostPort"]) {
            return "\(path).ports[\(index)].hostPort: the edge does not give its machines' ports to offloaded pods"
        }
        if let objection = confinement("\(path).securityContext", context) { return objection }
        return hosts(path, container)
    }

    /// What a pod and its containers say in the same words.
    private static func confinement(_ path: String, _ context: JSON) -> String? {
        for profile in ["seccompProfile", "appArmorProfile"] where context[profile, "type"] == "Unconfined" {
            return "\(path).\(profile).type: the edge confines offloaded pods"
        }
        let selinux = context["seLinuxOptions"] ?? .null
        if PodFields.isSet(selinux["user"]) || PodFields.isSet(selinux["role"])
            || !selinuxTypes.contains(selinux["type"]?.string ?? "")
        {
            return "\(path).seLinuxOptions: the edge confines offloaded pods"
        }
        if PodFields.isSet(context["windowsOptions", "hostProcess"]) {
            return "\(path).windowsOptions.hostProcess: the edge runs no offloaded pods as its machines' processes"
        }
        return nil
    }

    /// Probes and hooks that would have the edge's nodes connect to any address.
    private static func hosts(_ path: String, _ container: JSON) -> String? {
        let hooks = ["postStart", "preStop"].map { ("lifecycle.\($0)", container["lifecycle", $0]) }
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map { ($0, container[$0]) }
        for (name, action) in hooks + probes {
            for way in ["httpGet", "tcpSocket"] where PodFields.isSet(action?[way, "host"]) {
                return "\(path).\(name).\(way).host: the edge's nodes connect to the pod only"
            }
        }
        return nil
    }
}
