"""What users want meanwhile: changes of workloads and peerings, made while things are broken."""

import json
import tempfile
import time

from fleet import CLOUD, EDGES, ROME, SOUTH, NotAtRest

# The namespaces by their hubs, with what their Deployments begin with. Pods of "moving" are replaced soon where their edge is lost,
# those of "staying" wait for it, those of "level" are spread anew when an edge returns.
NAMESPACES = {"moving": CLOUD, "staying": CLOUD, "level": CLOUD, "southern": SOUTH}
BEGINNINGS = {"moving": 4, "staying": 4, "level": 4, "southern": 2}
POLICIES = {
    "moving": ["causeway.io/grace-period=2s"],
    "staying": ["causeway.io/on-disconnect=keep"],
    "level": ["causeway.io/grace-period=2s", "causeway.io/rebalance=2s"],
    "southern": ["causeway.io/on-disconnect=keep"],
}


class Changes:
    def __init__(self, fleet):
        self.fleet = fleet
        self.random = fleet.random
        # What was acknowledged: ConfigMaps, replicas (None while a change was not), which edges are peered.
        self.maps = {}
        self.replicas = dict(BEGINNINGS)
        self.peered = {edge: True for edge in EDGES}
        # Peerings that the user has ended and wants again.
        self.unpeered = set()
        # Those whose certificates are revoked.
        self.revoked = set()
        self.jobs = 0
        # Namespaces whose pods the user has touched this round, and edges that were to lose theirs.
        self.touched = set()
        self.left = set()

    # The start

    def begin(self):
        for edge in EDGES:
            # What is not Causeway's, at each edge.
            self.fleet.must("kubectl", "create", "namespace", "own", cluster=edge)
            self.fleet.must("kubectl", "run", "resident", "--image=pause", "-n", "own", cluster=edge)
        for namespace, hub in NAMESPACES.items():
            self.fleet.must("kubectl", "create", "namespace", namespace, cluster=hub)
            self.fleet.must(
                "causewayctl", "offload", "namespace", namespace, "--namespace-mapping-strategy", "EnforceSameName",
                "--pod-offloading-strategy", "Remote", cluster=hub,
            )
            self.fleet.must(
                "kubectl", "annotate", "namespaceoffloading", "offloading", "-n", namespace, *POLICIES[namespace], cluster=hub
            )
            self.create(self.deployment(namespace, self.replicas[namespace]), hub)
        talker = self.deployment("staying", 2, name="talker", image="busybox")
        talker["spec"]["template"]["spec"]["containers"][0]["command"] = ["sh", "-c", "while sleep 1; do echo tick; done"]
        self.create(talker, CLOUD)

    @staticmethod
    def deployment(namespace, replicas, name="app", image="nginxdemos/hello"):
        pod = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": image}]}
        if namespace == "level":
            pod["topologySpreadConstraints"] = [{
                "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": name}}}]
        return {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}}, "spec": pod}},
        }

    def create(self, manifest, cluster):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(manifest, file)
            file.flush()
            return self.fleet.kubectl("create", "-f", file.name, cluster=cluster)[0] == 0

    # Workloads

    def write(self):
        name = f"map-{len(self.maps)}"
        value = str(self.random.random())
        status, _ = self.fleet.kubectl("create", "configmap", name, "-n", "default", f"--from-literal=value={value}")
        if status == 0:
            self.maps[name] = value

    def scale(self):
        namespace = self.random.choice(sorted(NAMESPACES))
        count = self.random.randint(0, 5 if NAMESPACES[namespace] == SOUTH else 8)
        status, _ = self.fleet.kubectl(
            "scale", "deployment", "app", "-n", namespace, f"--replicas={count}", cluster=NAMESPACES[namespace]
        )
        self.touched.add(namespace)
        self.fleet.say(f"{namespace} is to have {count} replicas" + ("" if status == 0 else ", which was not acknowledged"))
        self.replicas[namespace] = count if status == 0 else None

    def delete(self):
        """F19"""
        namespace = self.random.choice(sorted(NAMESPACES))
        hub = NAMESPACES[namespace]
        cluster = self.random.choice([hub, ROME] if hub == SOUTH else [hub, *EDGES])
        try:
            pods = self.fleet.items("pods", "-n", namespace, cluster=cluster)
        except NotAtRest:
            return
        if pods:
            name = self.random.choice(sorted(pod["metadata"]["name"] for pod in pods))
            self.touched.add(namespace)
            self.fleet.say(f"pod {name} is deleted by hand at {cluster}")
            self.fleet.kubectl("delete", "pod", name, "-n", namespace, "--wait=false", cluster=cluster)

    def roll(self):
        namespace = self.random.choice(["moving", "level"])
        status, _ = self.fleet.kubectl("rollout", "restart", "deployment", "app", "-n", namespace)
        if status == 0:
            self.fleet.say(f"{namespace} is rolled out anew")

    def run_job(self):
        self.jobs += 1
        pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox", "command": ["sh", "-c", "sleep 1"]}]}
        manifest = {
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": f"job-{self.jobs}", "namespace": "moving"},
            "spec": {"completions": 3, "parallelism": 3, "backoffLimit": 50, "template": {"spec": pod}},
        }
        if self.create(manifest, CLOUD):
            self.fleet.say(f"job-{self.jobs} is to run three pods")

    # Peerings

    def set_peered(self):
        """Withdraws a peering of europe-cloud's, or takes it up again."""
        edge = self.random.choice(EDGES)
        wanted = not self.peered[edge]
        # At most one edge is away, or nothing could run.
        if self.is_any_ended() or (not wanted and not all(self.peered.values())):
            return
        answer = "Yes" if wanted else "No"
        patch = json.dumps({"spec": {"outgoingPeeringEnabled": answer}})
        status, _ = self.fleet.kubectl("patch", "foreigncluster", edge, "--type=merge", f"--patch={patch}")
        if status == 0:
            self.fleet.say(f"the peering with {edge} is set to {answer}")
            self.peered[edge] = wanted
            self.left.add(edge)

    def is_any_ended(self):
        return any(peering.hub == CLOUD for peering in self.unpeered | self.revoked)

    def unpeer(self):
        """Ends a peering altogether, whether its edge is there or not, and at once begins it anew where that is possible."""
        peering = self.random.choice(self.fleet.peerings)
        if not all(self.peered.values()) or self.is_any_ended() or peering in self.unpeered | self.revoked:
            return
        # Whether its word got through or not, the peering is to be made anew in the end.
        self.unpeered.add(peering)
        self.left.add(peering.edge)
        status, _ = self.fleet.unpeer(peering)
        self.fleet.say(f"{peering} are unpeered" + ("" if status == 0 else ", which was not acknowledged"))
        if status == 0 and self.random.random() < 0.7 and self.fleet.peer(peering) is None:
            self.fleet.say(f"{peering} are peered anew, {peering.way}")
            self.unpeered.discard(peering)

    def revoke(self):
        """A9: the peering waits for a new token."""
        peering = self.random.choice(self.fleet.peerings)
        if not all(self.peered.values()) or self.is_any_ended() or peering in self.unpeered | self.revoked:
            return
        status, _ = self.fleet.revoke(peering)
        self.fleet.say(f"the certificates of {peering} are revoked" + ("" if status == 0 else ", which was not acknowledged"))
        self.revoked.add(peering)
        self.left.add(peering.edge)

    def anything(self):
        changes = [
            (self.write, 4), (self.scale, 3), (self.delete, 2), (self.roll, 1), (self.run_job, 1), (self.set_peered, 1),
            (self.unpeer, 1), (self.revoke, 0.7),
        ]
        self.random.choices([change for change, _ in changes], [weight for _, weight in changes])[0]()

    # Afterwards

    def make_whole(self, stale):
        """Peers anew what was ended and what one side cannot know any more, once all is mended."""
        for peering in self.fleet.peerings:
            if peering in self.unpeered | stale:
                self.left.add(peering.edge)
                self.insist(f"{peering} can be peered anew", lambda: self.fleet.peer_anew(peering))
            elif peering in self.revoked:
                self.insist(f"{peering} can be enrolled anew", lambda: self.enrol_anew(peering))
        self.unpeered, self.revoked = set(), set()
        for peering in self.fleet.peerings:
            if peering.edge == ROME:
                self.insist(f"{peering.hub} has its share of {ROME}", lambda: self.give_share(peering))

    def enrol_anew(self, peering):
        """With a new token, and nothing else; where the revocation never came about there is nothing to do."""
        status, text = self.fleet.kubectl(
            "get", "foreigncluster", peering.edge, "-o", "json", cluster=peering.hub, quiet=True
        )
        if status == 0:
            conditions = {c["type"]: c["status"] for c in json.loads(text)["status"].get("peeringConditions", [])}
            if conditions.get("AuthenticationStatus") == "Established" and conditions.get("OutgoingPeering") == "Established":
                return None
        return self.fleet.peer(peering, peering.way)

    def give_share(self, peering):
        status, output = self.fleet.share(peering)
        return None if status == 0 else output.strip()

    def insist(self, what, body):
        problem, deadline = body(), time.monotonic() + 90
        while problem is not None and time.monotonic() < deadline:
            time.sleep(1)
            problem = body()
        self.fleet.check(what, problem)
