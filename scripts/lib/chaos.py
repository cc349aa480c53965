"""Random faults against a hub and three edges, and what must hold after each round: F23 of the page Faults, for as long as
one likes. Run by scripts/chaos.

Faults and invariants have their numbers from there: F1, F2, F3, F4, F6, F8 (cut connections), F19, and peerings that are
ended and begun anew while an edge is away; I2 (connected and quiet: live equals wanted), I3 (nothing is deleted that is
wanted), I4 (acknowledged means durable), I6 (each command ends in time).
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

ORIGIN = "europe-cloud"
EDGES = ["europe-rome-edge", "europe-milan-edge", "europe-paris-edge"]
PLAYGROUND = os.environ["CAUSEWAY_PLAYGROUND"]
# How long the clusters may take to be at rest once all is mended.
REST = 120


class Relay:
    """Stands before one edge: lets bytes through, holds them, delays them, or cuts its connections."""

    def __init__(self, edge, loop):
        self.edge = edge
        self.loop = loop
        self.delay = 0.0
        # Directions in which nothing passes: "to" the edge, "from" it.
        self.held = set()
        self.writers = set()
        self.port = asyncio.run_coroutine_threadsafe(self.listen(), loop).result(10)

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            with open(f"{PLAYGROUND}/{self.edge}/state/peer-port") as file:
                port = int(file.read())
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, ValueError):
            writer.close()
            return
        pair = {writer, far_writer}
        self.writers |= pair
        try:
            await asyncio.gather(
                self.copy(reader, far_writer, "to"), self.copy(far_reader, writer, "from"), return_exceptions=True
            )
        finally:
            self.writers -= pair
            for one in pair:
                one.close()

    async def copy(self, reader, writer, direction):
        try:
            while data := await reader.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                while direction in self.held:
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    def cut(self):
        for writer in list(self.writers):
            self.loop.call_soon_threadsafe(writer.transport.abort)

    def mend(self):
        self.delay = 0.0
        self.held = set()


class Chaos:
    def __init__(self, seed, build):
        self.random = random.Random(seed)
        self.build = build
        self.passed = 0
        self.failed = []
        self.environment = dict(os.environ)
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        self.relays = {edge: Relay(edge, loop) for edge in EDGES}
        # What was acknowledged: ConfigMaps, replicas (None while a change was not), which edges are peered.
        self.maps = {}
        self.replicas = {}
        self.peered = {edge: True for edge in EDGES}
        # Whom the user has unpeered and wants to peer with again.
        self.unpeered = set()
        self.finished = {}
        self.jobs = 0
        self.round = 0

    # Commands

    def command(self, *words, cluster=ORIGIN, patience=30, quiet=False):
        """Runs a command against a cluster: its status and output; -1 for one that does not end, which is a failure (I6)."""
        environment = dict(self.environment, KUBECONFIG=f"{PLAYGROUND}/liqo_kubeconf_{cluster}")
        try:
            done = subprocess.run(
                words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience
            )
            return done.returncode, done.stdout if done.returncode == 0 else done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            if not quiet:
                self.check(f"\"{' '.join(words)}\" ends within {patience} s (I6)", "it did not")
            return -1, ""

    def kubectl(self, *words, cluster=ORIGIN, quiet=False):
        return self.command("kubectl", "--request-timeout=10s", *words, cluster=cluster, quiet=quiet)

    def must(self, *words, cluster=ORIGIN, patience=60):
        status, output = self.command(*words, cluster=cluster, patience=patience)
        if status != 0:
            sys.exit(f"Error: \"{' '.join(words)}\" ended with status {status}: {output}")
        return output

    def items(self, *words, cluster=ORIGIN):
        status, output = self.kubectl("get", *words, "-o", "json", cluster=cluster, quiet=True)
        if status != 0:
            raise NotAtRest(output.strip().splitlines()[-1] if output.strip() else f"status {status}")
        return json.loads(output)["items"]

    def playground(self, *words):
        done = subprocess.run(
            ["scripts/playground", *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode != 0:
            self.check(f"scripts/playground {' '.join(words)}", (done.stdout + done.stderr).strip())

    # Telling

    def say(self, text):
        print(f"  {text}", flush=True)

    def check(self, what, problem):
        if problem is None:
            self.passed += 1
            print(f"  ✔ {what}", flush=True)
        else:
            self.failed.append(f"round {self.round}: {what}: {problem}")
            print(f"  ✘ {what}: {problem}", flush=True)

    # The start

    def begin(self):
        addresses = ",".join(f"{edge}=127.0.0.1:{relay.port}" for edge, relay in self.relays.items())
        self.environment["CAUSEWAY_PEER_ADDRESSES"] = addresses
        self.playground("up", "--edges", ",".join(EDGES), f"--{self.build}")
        path = subprocess.run(
            ["bash", "-c", 'eval "$(scripts/playground env)"; printf %s "$PATH"'],
            env=self.environment, capture_output=True, text=True, check=True,
        ).stdout
        self.environment["PATH"] = path
        for edge in EDGES:
            if problem := self.join(edge):
                sys.exit(f"Error: {edge} cannot be peered with: {problem}")
        for namespace in ["moving", "staying"]:
            self.must("kubectl", "create", "namespace", namespace)
            self.must("causewayctl", "offload", "namespace", namespace, "--namespace-mapping-strategy", "EnforceSameName",
                      "--pod-offloading-strategy", "Remote")
            self.must("kubectl", "create", "deployment", "app", "--image=nginxdemos/hello", "--replicas=4", "-n", namespace)
            self.replicas[namespace] = 4
        self.must("kubectl", "annotate", "namespaceoffloading", "offloading", "-n", "moving", "causeway.io/grace-period=2s")
        self.must("kubectl", "annotate", "namespaceoffloading", "offloading", "-n", "staying", "causeway.io/on-disconnect=keep")

    # Faults. Each returns what undoes it; all are undone at the end of a round.

    def signal(self, name, which):
        state = f"{PLAYGROUND}/{name}/state"
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[0].rsplit(b"/", 1)[-1] in (b"causeway-hub", b"causeway-agent") and state.encode() in words:
                os.kill(int(pid), which)

    def kill(self, name):
        self.say(f"{name} is killed")
        self.signal(name, signal.SIGKILL)
        return lambda: self.playground("start", name)

    def stop(self, name):
        self.say(f"{name} is stopped, as by a debugger")
        self.signal(name, signal.SIGSTOP)
        return lambda: self.signal(name, signal.SIGCONT)

    def hold(self, name):
        directions = self.random.choice([{"to"}, {"from"}, {"to", "from"}])
        self.say(f"bytes {' and '.join(sorted(directions))} {name} are held")
        self.relays[name].held = directions
        return self.relays[name].mend

    def slow(self, name):
        self.relays[name].delay = self.random.choice([0.05, 0.3, 1.0])
        self.say(f"bytes to and from {name} take {self.relays[name].delay} s")
        return self.relays[name].mend

    def cut(self, name):
        self.say(f"the connection to {name} is cut")
        self.relays[name].cut()
        return lambda: None

    def restart(self, name):
        """Killed and back before anybody counts it as gone."""
        self.kill(name)()
        self.say(f"{name} is back")
        return lambda: None

    def fault(self):
        edge = self.random.choice(EDGES)
        kinds = [(self.kill, 3), (self.stop, 2), (self.restart, 2), (self.hold, 3), (self.slow, 1), (self.cut, 2)]
        kind = self.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        if kind in (self.kill, self.stop, self.restart) and self.random.random() < 0.35:
            return kind(ORIGIN)
        return kind(edge)

    # Changes, made while things are broken

    def write(self):
        name = f"map-{len(self.maps)}"
        value = str(self.random.random())
        status, _ = self.kubectl("create", "configmap", name, "-n", "default", f"--from-literal=value={value}")
        if status == 0:
            self.maps[name] = value

    def scale(self):
        namespace = self.random.choice(sorted(self.replicas))
        count = self.random.randint(0, 8)
        status, _ = self.kubectl("scale", "deployment", "app", "-n", namespace, f"--replicas={count}")
        self.say(f"{namespace} is to have {count} replicas" + ("" if status == 0 else ", which was not acknowledged"))
        self.replicas[namespace] = count if status == 0 else None

    def delete(self):
        cluster = self.random.choice([ORIGIN, *EDGES])
        namespace = self.random.choice(sorted(self.replicas))
        try:
            names = sorted(pod["metadata"]["name"] for pod in self.items("pods", "-n", namespace, cluster=cluster))
        except NotAtRest:
            return
        if names:
            name = self.random.choice(names)
            self.say(f"pod {name} is deleted by hand at {cluster}")
            self.kubectl("delete", "pod", name, "-n", namespace, "--wait=false", cluster=cluster)

    def roll(self):
        status, _ = self.kubectl("rollout", "restart", "deployment", "app", "-n", "moving")
        if status == 0:
            self.say("moving is rolled out anew")

    def run_job(self):
        self.jobs += 1
        manifest = {
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": f"job-{self.jobs}", "namespace": "moving"},
            "spec": {"completions": 3, "parallelism": 3, "backoffLimit": 50, "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "main", "image": "busybox", "command": ["sh", "-c", "sleep 1"]}]}}},
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(manifest, file)
            file.flush()
            status, _ = self.kubectl("create", "-f", file.name)
        if status == 0:
            self.say(f"job-{self.jobs} is to run three pods")

    def peer(self):
        edge = self.random.choice(EDGES)
        wanted = not self.peered[edge]
        # At most one edge is away, or nothing could run.
        if self.unpeered or (not wanted and not all(self.peered.values())):
            return
        answer = "Yes" if wanted else "No"
        patch = json.dumps({"spec": {"outgoingPeeringEnabled": answer}})
        status, _ = self.kubectl("patch", "foreigncluster", edge, "--type=merge", f"--patch={patch}")
        if status == 0:
            self.say(f"the peering with {edge} is set to {answer}")
            self.peered[edge] = wanted

    def join(self, edge):
        """Peers by a new token; says why not, where that fails."""
        status, line = self.command("causewayctl", "generate", "peer-command", "--only-command", cluster=edge, quiet=True)
        if status == 0:
            status, line = self.command("bash", "-c", line, patience=60, quiet=True)
        return None if status == 0 else line.strip() or "it took too long"

    def unpeer(self):
        """Ends a peering altogether, whether its edge is there or not, and at once begins it anew where that is possible."""
        edge = self.random.choice(EDGES)
        if not all(self.peered.values()) or self.unpeered:
            return
        # Whether its word got through or not, the peering is to be made anew in the end.
        self.unpeered.add(edge)
        status, _ = self.command("causewayctl", "unpeer", "out-of-band", edge, "--skip-confirm", patience=150)
        self.say(f"{edge} is unpeered" + ("" if status == 0 else ", which was not acknowledged"))
        if status == 0 and self.random.random() < 0.7 and self.join(edge) is None:
            self.say(f"{edge} is peered anew")
            self.unpeered.discard(edge)

    def anew(self, edge):
        """Ends what is left of a peering and begins it anew; says why not, where that fails."""
        if self.kubectl("get", "foreigncluster", edge, quiet=True)[0] == 0:
            status, output = self.command(
                "causewayctl", "unpeer", "out-of-band", edge, "--skip-confirm", patience=150, quiet=True
            )
            if status != 0:
                return output.strip() or "the unpeer took too long"
        return self.join(edge)

    def rejoin(self):
        """Peers anew with whom was unpeered, once all is mended."""
        for edge in sorted(self.unpeered):
            problem, deadline = self.anew(edge), time.monotonic() + 90
            while problem is not None and time.monotonic() < deadline:
                time.sleep(1)
                problem = self.anew(edge)
            self.check(f"{edge} can be peered anew", problem)
        self.unpeered = set()

    def change(self):
        changes = [
            (self.write, 4), (self.scale, 3), (self.delete, 2), (self.roll, 1), (self.run_job, 1), (self.peer, 1), (self.unpeer, 1),
        ]
        self.random.choices([change for change, _ in changes], [weight for _, weight in changes])[0]()

    # What must hold

    def supervisors(self, edge):
        prefix = f"{PLAYGROUND}/{edge}/state/pods/pods/".encode()
        count = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"/causeway-supervisor") and len(words) > 1 and words[1].startswith(prefix):
                count += 1
        return count

    def at_rest(self):
        """Raises NotAtRest unless live equals wanted everywhere (I2)."""
        nodes = {node["metadata"]["name"]: node for node in self.items("nodes", "-l", "liqo.io/type=virtual-node")}
        for edge in EDGES:
            node = nodes.get(f"liqo-{edge}")
            if not self.peered[edge]:
                if node is not None:
                    raise NotAtRest(f"the node of {edge} is there, though its peering was ended")
                continue
            if node is None:
                raise NotAtRest(f"the node of {edge} is missing")
            ready = [c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready"]
            if ready != ["True"]:
                raise NotAtRest(f"the node of {edge} is not Ready")
        live = {edge: {} for edge in EDGES}
        for namespace in self.replicas:
            deployment = [d for d in self.items("deployments", "-n", namespace) if d["metadata"]["name"] == "app"][0]
            wanted = deployment["spec"]["replicas"]
            if self.replicas[namespace] not in (None, wanted):
                raise NotAtRest(f"{namespace} wants {wanted} replicas, but {self.replicas[namespace]} were acknowledged (I4)")
            pods = self.items("pods", "-n", namespace)
            running = 0
            for pod in pods:
                name, node = pod["metadata"]["name"], pod["spec"].get("nodeName", "")
                phase = pod["status"].get("phase")
                if pod["metadata"].get("deletionTimestamp"):
                    raise NotAtRest(f"{namespace}/{name} is still on its way out")
                if phase in ("Succeeded", "Failed"):
                    continue
                statuses = pod["status"].get("containerStatuses", [])
                if phase != "Running" or not all(status["ready"] for status in statuses):
                    raise NotAtRest(f"{namespace}/{name} on {node or 'no node'} is {phase} and not ready")
                edge = node.removeprefix("liqo-")
                if not self.peered.get(edge):
                    raise NotAtRest(f"{namespace}/{name} is on {node}, which is not peered")
                live[edge][(namespace, name)] = True
                if pod["metadata"]["labels"].get("app") == "app":
                    running += 1
            if running != wanted:
                raise NotAtRest(f"{running} pods of {namespace} run, and {wanted} are wanted")
        for edge in EDGES:
            there = set()
            for namespace in self.replicas:
                for pod in self.items("pods", "-n", namespace, cluster=edge):
                    if pod["status"].get("phase") not in ("Succeeded", "Failed"):
                        there.add((namespace, pod["metadata"]["name"]))
            if there != set(live[edge]):
                raise NotAtRest(f"{edge} has {sorted(there)}, and the origin {sorted(live[edge])}")
            processes = self.supervisors(edge)
            if processes != len(there):
                raise NotAtRest(f"{processes} pods run at {edge}, whose API tells of {len(there)}")

    def judge(self):
        deadline = time.monotonic() + REST
        begun = time.monotonic()
        problem = ""
        while problem is not None:
            try:
                self.at_rest()
                problem = None
            except NotAtRest as reason:
                problem = str(reason)
                if time.monotonic() > deadline:
                    break
                time.sleep(0.3)
        self.check(f"each wanted pod runs once, and no other, after {time.monotonic() - begun:.0f} s (I2)", problem)
        try:
            maps = {m["metadata"]["name"]: m["data"]["value"] for m in self.items("configmaps", "-n", "default") if "value" in m.get("data", {})}
            lost = [name for name, value in self.maps.items() if maps.get(name) != value]
            self.check(f"{len(self.maps)} acknowledged objects are there (I4)", f"lost: {lost}" if lost else None)
            self.check("finished pods are as they were", self.finished_again())
        except NotAtRest as reason:
            self.check("the origin answers", str(reason))

    def finished_again(self):
        """What has become of pods that had finished; None where nothing has."""
        now = {}
        for pod in self.items("pods", "-n", "moving", "-l", "job-name"):
            if pod["status"].get("phase") == "Succeeded":
                ends = [s["state"].get("terminated", {}).get("finishedAt") for s in pod["status"].get("containerStatuses", [])]
                now[pod["metadata"]["uid"]] = (pod["metadata"]["name"], ends)
        changed = [name for uid, (name, ends) in self.finished.items() if now.get(uid, (name, ends)) != (name, ends)]
        for job in self.items("jobs", "-n", "moving"):
            if job["status"].get("succeeded", 0) > 3:
                changed.append(job["metadata"]["name"])
        self.finished.update(now)
        return f"not so: {changed}" if changed else None

    def run_round(self):
        self.round += 1
        print(f"Round {self.round}", flush=True)
        undo = []
        for _ in range(self.random.randint(1, 3)):
            undo.append(self.fault())
            for _ in range(self.random.randint(0, 4)):
                self.change()
            # Shorter and longer than it takes to be suspect, disconnected, replaced.
            time.sleep(self.random.choice([0, 0.5, 2, 5, 9]))
        self.say("all is mended")
        for one in reversed(undo):
            one()
        for name in [ORIGIN, *EDGES]:
            self.signal(name, signal.SIGCONT)
            self.playground("start", name)
        self.rejoin()
        self.judge()


class NotAtRest(Exception):
    pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--build", required=True)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    chaos = Chaos(arguments.seed, arguments.build)
    chaos.begin()
    chaos.judge()
    end = time.monotonic() + arguments.minutes * 60
    while time.monotonic() < end:
        chaos.run_round()
    for failure in chaos.failed:
        print(f"failed: {failure}")
    print(f"{chaos.passed} passed, {len(chaos.failed)} failed")
    sys.exit(1 if chaos.failed else 0)


main()
