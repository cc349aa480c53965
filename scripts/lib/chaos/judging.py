"""What must hold when all is mended and quiet, and what must have held meanwhile."""

import collections
import time

from changes import NAMESPACES
from fleet import CLOUD, EDGES, PLAYGROUND, ROME, SHARES, SOUTH, NotAtRest, processes

# How long the clusters may take to be at rest once all is mended.
REST = 120


class Judging:
    def __init__(self, fleet, changes):
        self.fleet = fleet
        self.changes = changes
        self.finished = {}
        self.residents = {}
        # Of "staying": where each pod is, by uid, since the last rest.
        self.stayed = {}

    # At rest

    def at_rest(self):
        """Raises NotAtRest unless live equals wanted everywhere (I1, I2); returns where each pod of "staying" is."""
        live = {edge: collections.Counter() for edge in EDGES}
        stayed = {}
        for peering in self.fleet.peerings:
            self.has_node(peering)
        for namespace, hub in NAMESPACES.items():
            wanted = {
                d["metadata"]["name"]: d["spec"]["replicas"] for d in self.fleet.items("deployments", "-n", namespace, cluster=hub)
            }
            acknowledged = self.changes.replicas[namespace]
            if acknowledged not in (None, wanted["app"]):
                raise NotAtRest(f"{namespace} wants {wanted['app']} replicas, but {acknowledged} were acknowledged (I4)")
            running = collections.Counter()
            for pod in self.fleet.items("pods", "-n", namespace, cluster=hub):
                name, edge = pod["metadata"]["name"], self.edge_of(pod, namespace)
                if edge is None:
                    continue
                live[edge][(namespace, name)] += 1
                running[pod["metadata"]["labels"].get("app")] += 1
                if namespace == "staying":
                    stayed[pod["metadata"]["uid"]] = (name, edge)
            del running[None]
            if running != collections.Counter(wanted):
                raise NotAtRest(f"{dict(running)} of {namespace} run, and {wanted} are wanted")
        for edge in EDGES:
            self.has_pods(edge, live[edge])
        return stayed

    def has_node(self, peering):
        nodes = {node["metadata"]["name"]: node for node in self.fleet.items("nodes", cluster=peering.hub)}
        node = nodes.get(f"liqo-{peering.edge}")
        if peering.hub == CLOUD and not self.changes.peered[peering.edge]:
            if node is not None:
                raise NotAtRest(f"the node of {peering} is there, though its peering was withdrawn")
            return
        if node is None:
            raise NotAtRest(f"the node of {peering} is missing")
        if [c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready"] != ["True"]:
            raise NotAtRest(f"the node of {peering} is not Ready")
        pods = node["status"]["allocatable"]["pods"]
        if peering.edge == ROME and pods != str(SHARES[peering.hub]):
            raise NotAtRest(f"{ROME} gives {peering.hub} {pods} pods, and its share is {SHARES[peering.hub]}")

    def edge_of(self, pod, namespace):
        """Where a pod runs as it should; None for one that has finished."""
        name, node = f"{namespace}/{pod['metadata']['name']}", pod["spec"].get("nodeName", "")
        if pod["metadata"].get("deletionTimestamp"):
            raise NotAtRest(f"{name} is still on its way out")
        phase = pod["status"].get("phase")
        if phase in ("Succeeded", "Failed"):
            return None
        if phase != "Running" or not all(status["ready"] for status in pod["status"].get("containerStatuses", [])):
            raise NotAtRest(f"{name} on {node or 'no node'} is {phase} and not ready")
        edge = node.removeprefix("liqo-")
        if NAMESPACES[namespace] == CLOUD and not self.changes.peered.get(edge):
            raise NotAtRest(f"{name} is on {node}, which is not peered")
        return edge

    def has_pods(self, edge, live):
        """Each pod there once by its API and in fact, and no other."""
        there = collections.Counter()
        for namespace, hub in NAMESPACES.items():
            # The other hub's own copies of its objects.
            if edge == SOUTH and hub == SOUTH:
                continue
            for pod in self.fleet.items("pods", "-n", namespace, cluster=edge):
                if pod["status"].get("phase") not in ("Succeeded", "Failed"):
                    there[(namespace, pod["metadata"]["name"])] += 1
        if there != live:
            raise NotAtRest(f"{edge} has {sorted(there - live)} too many and {sorted(live - there)} too few")
        prefix = f"{PLAYGROUND}/{edge}/state/pods/pods/".encode()
        running = sum(
            1 for _, words in processes()
            if words[0].endswith(b"/causeway-supervisor") and len(words) > 1 and words[1].startswith(prefix)
        )
        # And the one that is not Causeway's.
        if running != there.total() + 1:
            raise NotAtRest(f"{running} pods run at {edge}, whose API tells of {there.total() + 1}")

    # The verdict

    def judge(self):
        deadline = time.monotonic() + REST
        begun = time.monotonic()
        problem, stayed = "", None
        while problem is not None:
            try:
                stayed = self.at_rest()
                problem = None
            except NotAtRest as reason:
                problem = str(reason)
                if time.monotonic() > deadline:
                    break
                time.sleep(0.3)
        rest = time.monotonic() - begun
        self.fleet.check(f"each wanted pod runs once, and no other, after {rest:.0f} s (I1, I2)", problem)
        try:
            self.keeps_maps()
            self.fleet.check("finished pods are as they were", self.finished_again())
            self.fleet.check("what is not Causeway's is as it was (I3)", self.residents_changed())
            self.fleet.check("no edge is taken for a clone (F20)", self.clones())
        except NotAtRest as reason:
            self.fleet.check("all clusters answer", str(reason))
        if stayed is not None:
            self.stays(stayed)

    def keeps_maps(self):
        there = {
            m["metadata"]["name"]: m["data"]["value"]
            for m in self.fleet.items("configmaps", "-n", "default") if "value" in m.get("data", {})
        }
        lost = [name for name, value in self.changes.maps.items() if there.get(name) != value]
        self.fleet.check(f"{len(self.changes.maps)} acknowledged objects are there (I4)", f"lost: {lost}" if lost else None)

    def stays(self, now):
        """I5: pods that wait for their edges, and that nobody wanted to go, are where they were."""
        if "staying" not in self.changes.touched:
            gone = [
                f"{name} of {edge}" for uid, (name, edge) in self.stayed.items()
                if edge not in self.changes.left and now.get(uid) != (name, edge)
            ]
            self.fleet.check("no pod has moved that was to stay (I5)", f"not there any more: {gone}" if gone else None)
        self.stayed = now

    def residents_changed(self):
        """What has become of the edges' own pods; None where nothing has."""
        changed = []
        for edge in EDGES:
            pods = {
                pod["metadata"]["uid"]: sum(s["restartCount"] for s in pod["status"].get("containerStatuses", []))
                for pod in self.fleet.items("pods", "-n", "own", cluster=edge)
            }
            if self.residents.setdefault(edge, pods) != pods:
                changed.append(edge)
        return f"not so at {changed}" if changed else None

    def clones(self):
        """What the hubs have noted of clones, of which there are none."""
        noted = []
        for hub in (CLOUD, SOUTH):
            with open(f"{PLAYGROUND}/{hub}/state/audit.log") as log:
                noted += [line.strip() for line in log if '"duplicate-refused"' in line]
        return noted[-1] if noted else None

    def finished_again(self):
        """What has become of pods that had finished; None where nothing has."""
        now = {}
        for pod in self.fleet.items("pods", "-n", "moving", "-l", "job-name"):
            if pod["status"].get("phase") == "Succeeded":
                ends = [s["state"].get("terminated", {}).get("finishedAt") for s in pod["status"].get("containerStatuses", [])]
                now[pod["metadata"]["uid"]] = (pod["metadata"]["name"], ends)
        changed = [name for uid, (name, ends) in self.finished.items() if now.get(uid, (name, ends)) != (name, ends)]
        for job in self.fleet.items("jobs", "-n", "moving"):
            if job["status"].get("succeeded", 0) > 3:
                changed.append(job["metadata"]["name"])
        self.finished.update(now)
        return f"not so: {changed}" if changed else None

    # Two hubs

    def part(self):
        """At rest: what is revoked of one hub touches nothing of the other's, at the edge that both use."""
        revoked, other = [peering for peering in self.fleet.peerings if peering.edge == ROME]
        if self.fleet.random.random() < 0.5:
            revoked, other = other, revoked
        self.fleet.say(f"the certificates of {revoked} are revoked")
        try:
            before = self.of_hub(other)
            status, output = self.fleet.revoke(revoked)
            time.sleep(3)
            after = self.of_hub(other)
        except NotAtRest as reason:
            return self.fleet.check(f"{ROME} answers", str(reason))
        self.changes.revoked.add(revoked)
        self.changes.left.add(ROME)
        self.fleet.check(f"they can be, at the side that issued them ({revoked.way[0]} dials)", None if status == 0 else output)
        changed = sorted(before.keys() ^ after.keys() | {name for name in before.keys() & after.keys() if before[name] != after[name]})
        self.fleet.check(f"nothing of {other.hub} has changed", f"not so: {changed}" if changed else None)

    def of_hub(self, peering):
        """What runs at an edge for a hub, and how their peering stands at both ends."""
        state = {}
        for namespace in [name for name, hub in NAMESPACES.items() if hub == peering.hub]:
            for pod in self.fleet.items("pods", "-n", namespace, cluster=peering.edge):
                # Jobs end by themselves.
                if pod["metadata"]["labels"].get("app"):
                    restarts = sum(s["restartCount"] for s in pod["status"].get("containerStatuses", []))
                    state[pod["metadata"]["uid"]] = (pod["status"].get("phase"), restarts)
        for cluster, name in [(peering.hub, peering.edge), (peering.edge, peering.hub)]:
            for foreign in self.fleet.items("foreignclusters", cluster=cluster):
                if foreign["metadata"]["name"] == name:
                    for condition in foreign["status"]["peeringConditions"]:
                        state[(cluster, condition["type"])] = condition["status"]
        return state
