"""The clusters that chaos breaks: their daemons, their peerings, and the commands that are given to them.

europe-cloud has four edges. Three are clusters of their own; the fourth, europe-south-cloud, has a hub of its own as well, whose
only edge is europe-rome-edge, so that one edge serves two hubs, and one cluster is origin and edge at once. Its agent works on
the cluster that the hub embeds: where that daemon stands still, the edge's API is down and its agent is not (F21).
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from relay import Relay

CLOUD = "europe-cloud"
SOUTH = "europe-south-cloud"
ROME = "europe-rome-edge"
OWN_EDGES = [ROME, "europe-milan-edge", "europe-paris-edge"]
EDGES = [*OWN_EDGES, SOUTH]
CLUSTERS = [CLOUD, *EDGES]
# The daemon beside the hub of that cluster.
SOUTH_AGENT = "agent of " + SOUTH
DAEMONS = [*CLUSTERS, SOUTH_AGENT]
PLAYGROUND = os.environ["CAUSEWAY_PLAYGROUND"]
# By what way one dials: IPv4, IPv6, a name, or through a proxy for CONNECT.
ROUTES = {"v4": "127.0.0.1", "v6": "[::1]", "name": "localhost", "proxy": None}
# Who dials, and by what way.
WAYS = [(dials, route) for dials in ["hub", "edge"] for route in ROUTES]
# How many pods each hub may have at an edge that both use.
SHARES = {CLOUD: 40, SOUTH: 6}


class NotAtRest(Exception):
    """Not yet as it should be, or it cannot be told."""


class Peering:
    """Of a hub and an edge, by the way that it was made last."""

    def __init__(self, hub, edge, loop, seed):
        self.hub, self.edge = hub, edge
        self.way = ("hub", "v4")
        # Rises with each peering that is made or ended: an older backup knows nothing of it.
        self.generation = 0
        self.relay = Relay(self.port, loop, seed)

    def __str__(self):
        return f"{self.edge} and {self.hub}" if self.hub != CLOUD else self.edge

    def port(self):
        dialled = state(agent(self.edge)) if self.way[0] == "hub" else state(self.hub)
        with open(f"{dialled}/peer-port") as file:
            return int(file.read())


def agent(edge):
    """The daemon that is the agent of an edge."""
    return SOUTH_AGENT if edge == SOUTH else edge


def state(daemon):
    return f"{PLAYGROUND}/{SOUTH}/agent" if daemon == SOUTH_AGENT else f"{PLAYGROUND}/{daemon}/state"


class Fleet:
    def __init__(self, chance, build):
        self.random = chance
        self.build = build
        self.passed = 0
        self.failed = []
        self.round = 0
        self.environment = dict(os.environ)
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        sides = [(CLOUD, edge) for edge in EDGES] + [(SOUTH, ROME)]
        self.peerings = [Peering(hub, edge, loop, chance.random()) for hub, edge in sides]
        self.clocks = {}

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

    # Commands

    def command(self, *words, cluster=CLOUD, patience=30, quiet=False):
        """Runs a command against a cluster: its status and output; -1 for one that does not end, which is a failure (I6)."""
        try:
            done = subprocess.run(
                words, env=self.at(cluster), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience
            )
            return done.returncode, done.stdout if done.returncode == 0 else done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            if not quiet:
                self.check(f"\"{' '.join(words)}\" ends within {patience} s (I6)", "it did not")
            return -1, ""

    def at(self, cluster):
        return dict(self.environment, KUBECONFIG=f"{PLAYGROUND}/liqo_kubeconf_{cluster}")

    def kubectl(self, *words, cluster=CLOUD, quiet=False):
        return self.command("kubectl", "--request-timeout=10s", *words, cluster=cluster, quiet=quiet)

    def must(self, *words, cluster=CLOUD, patience=60):
        status, output = self.command(*words, cluster=cluster, patience=patience)
        if status != 0:
            sys.exit(f"Error: \"{' '.join(words)}\" ended with status {status}: {output}")
        return output

    def items(self, *words, cluster=CLOUD):
        status, output = self.kubectl("get", *words, "-o", "json", cluster=cluster, quiet=True)
        if status != 0:
            raise NotAtRest(f"{cluster}: " + (output.strip().splitlines()[-1] if output.strip() else f"status {status}"))
        return json.loads(output)["items"]

    # Daemons

    def playground(self, *words):
        done = subprocess.run(
            ["scripts/playground", *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode != 0:
            self.check(f"scripts/playground {' '.join(words)}", (done.stdout + done.stderr).strip())

    def signal(self, daemon, which):
        """Sends a signal to a daemon, if it runs."""
        words = state(daemon).encode()
        for pid, command in processes():
            if command[0].rsplit(b"/", 1)[-1] in (b"causeway-hub", b"causeway-agent") and words in command:
                try:
                    os.kill(pid, which)
                except ProcessLookupError:
                    pass

    def kill(self, daemon):
        self.signal(daemon, signal.SIGKILL)

    def start(self, daemon):
        """Has a daemon run that may not: what stands still goes on."""
        self.signal(daemon, signal.SIGCONT)
        if daemon != SOUTH_AGENT:
            return self.playground("start", daemon)
        words = state(daemon).encode()
        if any(words in command and command[0].endswith(b"/causeway-agent") for _, command in processes()):
            return
        ready = f"{state(daemon)}/ready"
        if os.path.exists(ready):
            os.remove(ready)
        with open(f"{PLAYGROUND}/{SOUTH}/agent.log", "ab") as log:
            subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", f".build/{self.build}/causeway-agent", "--state", state(daemon),
                 "--kubeconfig", f"{PLAYGROUND}/liqo_kubeconf_{SOUTH}", "--cluster-name", SOUTH,
                 "--cluster-labels", "topology.liqo.io/type=destination"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not os.path.exists(ready):
            if time.monotonic() > deadline:
                return self.check(f"the {daemon} is ready within 60 s", "it is not")
            time.sleep(0.1)

    def set_clock(self, daemon, seconds):
        with open(f"{state(daemon)}.clock", "r+b") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))

    # The start and the end

    def begin(self):
        os.makedirs(PLAYGROUND, exist_ok=True)
        library = f"{PLAYGROUND}/clock.so"
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        for daemon in DAEMONS:
            os.makedirs(os.path.dirname(state(daemon)), exist_ok=True)
            with open(f"{state(daemon)}.clock", "wb") as file:
                file.write(bytes(8))
        self.environment["CAUSEWAY_HUBS"] = SOUTH
        # Some say themselves where they are to be dialled.
        self.environment["CAUSEWAY_PEER_ADDRESSES"] = ",".join(
            f"{peering.edge}=127.0.0.1:{peering.relay.port}" for peering in self.peerings if peering.edge in OWN_EDGES[1:]
        )
        self.environment["LD_PRELOAD"] = library
        self.playground("up", "--edges", ",".join(EDGES), f"--{self.build}")
        if self.failed:
            sys.exit(f"Error: {self.failed[0]}")
        self.environment["PATH"] = subprocess.run(
            ["bash", "-c", 'eval "$(scripts/playground env)"; printf %s "$PATH"'],
            env=self.environment, capture_output=True, text=True, check=True,
        ).stdout
        self.start(SOUTH_AGENT)
        half = len(ROUTES)
        ways = self.random.sample(WAYS[:half], 2) + self.random.sample(WAYS[half:], 3)
        for peering, way in zip(self.peerings, ways):
            if problem := self.peer(peering, way):
                sys.exit(f"Error: {peering} cannot be peered: {problem}")

    def end(self):
        self.kill(SOUTH_AGENT)
        for file in [f"{PLAYGROUND}/clock.so", *[f"{state(daemon)}.clock" for daemon in DAEMONS]]:
            if os.path.exists(file):
                os.remove(file)

    # Peerings

    def peer(self, peering, way=None):
        """Peers with a new token, by some way, whether that is begun or an old one is enrolled anew; says why not, where it fails."""
        way = way or self.random.choice(WAYS)
        dials, route = way
        kind, issuer, dialler = (
            ("peer", peering.edge, peering.hub) if dials == "hub" else ("join", peering.hub, peering.edge)
        )
        status, line = self.command(
            "causewayctl", "generate", f"{kind}-command", "--only-command", cluster=issuer, quiet=True
        )
        if status == 0:
            peering.way = way
            peering.generation += 1
            if route == "proxy":
                line = line.strip() + f" --proxy http://127.0.0.1:{peering.relay.port}"
            else:
                line = re.sub(r"--auth-url \S+", f"--auth-url tls://{ROUTES[route]}:{peering.relay.port}", line)
            status, line = self.command("bash", "-c", line, cluster=dialler, patience=60, quiet=True)
        if status == 0 and peering.edge == ROME:
            self.share(peering)
        return None if status == 0 else line.strip() or "it took too long"

    def share(self, peering):
        return self.kubectl(
            "annotate", "foreigncluster", peering.hub, "--overwrite", f"causeway.io/share=pods={SHARES[peering.hub]}",
            cluster=peering.edge,
        )

    def unpeer(self, peering, quiet=False):
        """Ends a peering altogether, whether its edge is there or not."""
        peering.generation += 1
        return self.command(
            "causewayctl", "unpeer", "out-of-band", peering.edge, "--skip-confirm", cluster=peering.hub, patience=150,
            quiet=quiet,
        )

    def peer_anew(self, peering):
        """Ends what is left of a peering and begins it anew; says why not, where that fails."""
        if self.kubectl("get", "foreigncluster", peering.edge, cluster=peering.hub, quiet=True)[0] == 0:
            status, output = self.unpeer(peering, quiet=True)
            if status != 0:
                return output.strip() or "the unpeer took too long"
        return self.peer(peering)

    def revoke(self, peering):
        """Has whoever issued the certificates of a peering revoke them."""
        issuer, name = (peering.edge, peering.hub) if peering.way[0] == "hub" else (peering.hub, peering.edge)
        return self.command("causewayctl", "revoke", name, "--skip-confirm", cluster=issuer, quiet=True)

    # Backups

    def back_up(self, edge):
        """Keeps an agent's state but for its pods, which are the machine's; returns what peerings it knows."""
        kept = f"{PLAYGROUND}/{edge}/backup"
        self.kill(edge)
        time.sleep(0.2)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(state(edge), kept, ignore=lambda folder, names: ["pods"] if folder == state(edge) else [])
        self.start(edge)
        return {id(peering): peering.generation for peering in self.peerings if peering.edge == edge}

    def restore(self, edge):
        """Brings an agent back that was killed, as it was when it was backed up; its pods have gone on."""
        kept = f"{PLAYGROUND}/{edge}/backup"
        for name in os.listdir(state(edge)):
            path = f"{state(edge)}/{name}"
            if name == "pods":
                continue
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        shutil.copytree(kept, state(edge), dirs_exist_ok=True)


def processes():
    """All processes that can be looked at: their ids, and the words of their command lines."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                yield int(pid), file.read().split(b"\0")
        except OSError:
            continue
