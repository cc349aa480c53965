import Glibc
import JSONTree
import KubernetesModel
import Logging
import PodHost
import PodRecords

extension ProcessRuntime {
    /// Plans the pod and writes its folder, or notes what it waits for.
    func prepare(_ request: PodRequest) throws {
        let pod = request.pod
        let uid = pod.uid
        var entry = Entry(
            folder: folder.pod(uid), namespace: pod.namespace, name: pod.name)
        if let image = images.reload() {
            logger.warning("the image table is not used", metadata: ["error": "\(image)"])
        }
        guard let address = pool.take() else {
            throw PodRuntimeError(
                .addressesExhausted, "no address is left in the pod network \(configuration.podCIDR)")
        }
        let isOnHost = pod.spec["hostNetwork"]?.bool == true
        let outcome = planner(
            request, entry.folder, isOnHost ? .host(address: hostAddress) : network.plan(for: address, uid: uid)
        )
        .plan()
        entry.remarks = outcome.remarks
        entry.volumeProblems = outcome.volumeProblems
        for volume in pod.spec["volumes"]?.array ?? [] {
            guard let name = volume["name"]?.string, outcome.volumes[name] != nil, let host = volume["hostPath"],
                !host.isNull, let problem = HostPath.prepare(host)
            else { continue }
            entry.volumeProblems.append("MountVolume.SetUp failed for volume \"\(name)\" : \(problem)")
        }
        guard let plan = outcome.plan, entry.volumeProblems.isEmpty else {
            pool.release(address)
            let earlier = entries[uid]?.waiting ?? []
            entry.waiting = PodPlanner.containers(of: pod).map { name, kind in
                Self.waiting(name, kind, outcome.obstacles[name], earlier: earlier.first { $0.name == name })
            }
            entries[uid] = entry
            return
        }
        if isOnHost { pool.release(address) } else { entry.address = address }
        do throws(SystemError) {
            try write(plan, outcome, to: entry.folder)
        } catch {
            pool.release(address)
            throw PodRuntimeError(.sandbox, "the pod's folder cannot be written: \(error)")
        }
        entry.plan = plan
        entries[uid] = entry
        follow(uid)
    }

    private func planner(_ request: PodRequest, _ folder: PodFolder, _ network: NetworkPlan) -> PodPlanner {
        PodPlanner(
            request, images: images.table,
            surroundings: PodPlanner.Surroundings(
                hostAddress: hostAddress, searchPath: configuration.searchPath, filesFolder: "\(folder.path)/files",
                volumesFolder: "\(folder.path)/volumes", hostsFile: "\(folder.path)/etc-hosts",
                processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
                memory: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)),
                bindsLowPorts: self.network.mode != .host || geteuid() == 0, isolation: self.network.isolation,
                network: network, absentPrograms: images.table.programs.filter { access($0, X_OK) != 0 }))
    }

    /// Brings the files of a running pod's volumes to what they come from now.
    public func update(_ request: PodRequest) async throws {
        let uid = request.pod.uid
        guard let entry = entries[uid], let plan = entry.plan, !busy.contains(uid) else { return }
        let outcome = planner(request, entry.folder, plan.network).plan()
        // What has gone meanwhile stays as it was, as in Kubernetes.
        do throws(SystemError) { try render(outcome.volumes, in: entry.folder) } catch {
            throw PodRuntimeError(.sandbox, "the pod's volumes cannot be written: \(error)")
        }
    }

    private func render(_ volumes: [String: PodPlanner.Volume], in folder: PodFolder) throws(SystemError) {
        for (name, volume) in volumes {
            switch volume {
            case .folder:
                try PodFiles.makeFolders(folder.volume(name))
                // Any user may write there, as in Kubernetes.
                chmod(folder.volume(name), 0o777)
            case .rendered(let files): try VolumeFolder(path: folder.volume(name)).write(files)
            case .memory, .host: break
            }
        }
    }

    /// The record of a container that cannot be planned yet; a second failure to find its image is a back-off.
    private static func waiting(
        _ name: String, _ kind: ContainerKind, _ obstacle: PodPlanner.Obstacle?, earlier: ContainerRecord?
    ) -> ContainerRecord {
        var state = ContainerState.waiting(
            reason: obstacle?.reason ?? "ContainerCreating", message: obstacle?.message ?? "")
        if obstacle?.reason == "ErrImagePull", case .waiting(let reason, _) = earlier?.state,
            reason == "ErrImagePull" || reason == "ImagePullBackOff"
        {
            state = .waiting(
                reason: "ImagePullBackOff", message: "Back-off pulling image: ErrImagePull: \(obstacle?.message ?? "")")
        }
        return ContainerRecord(name: name, kind: kind, state: state)
    }

    /// Fills a folder of another name and renames it: a pod's folder is complete or not there.
    private func write(_ plan: PodPlan, _ outcome: PodPlanner.Outcome, to folder: PodFolder) throws(SystemError) {
        let new = PodFolder(path: "\(podsFolder)/.\(plan.uid)")
        PodFiles.removeAll(new.path)
        try PodFiles.makeFolders(new.path)
        try new.write(plan)
        for file in outcome.files {
            let path = new.path + file.path.dropFirst(folder.path.utf8.count)
            if let slash = path.lastIndex(of: "/") { try PodFiles.makeFolders(String(path[..<slash]), mode: 0o755) }
            try PodFiles.replace(path, with: Array(file.content.utf8), mode: file.isExecutable ? 0o755 : 0o644)
        }
        try render(outcome.volumes, in: new)
        guard rename(new.path, folder.path) == 0 else { throw .last("rename \(new.path)") }
    }
}
