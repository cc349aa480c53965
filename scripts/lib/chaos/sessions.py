"""Sessions of kubectl that are open while things break: they go on or end, and nobody hangs."""

import os
import re
import selectors
import subprocess
import time
import urllib.error
import urllib.request

from fleet import NotAtRest

# How long a session may take to answer or to end once all is mended: longer than any side waits for a silent one.
PATIENCE = 45


class Session:
    """A command that runs, and what it says."""

    def __init__(self, fleet, what, *words):
        self.what = what
        self.process = subprocess.Popen(
            ["kubectl", *words], env=fleet.at("europe-cloud"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        self.said = b""

    def listen(self, seconds):
        """Reads what it says until it says something or that time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if selector.select(seconds):
                more = self.process.stdout.read() or b""
                self.said += more
                if not more:
                    time.sleep(min(seconds, 0.05))

    def hears(self, text, seconds):
        """Whether it says that within some time; it may end before."""
        deadline = time.monotonic() + seconds
        while text not in self.said and time.monotonic() < deadline and self.process.poll() is None:
            self.listen(min(1, deadline - time.monotonic()))
        self.listen(0)
        return text in self.said

    def tell(self, text):
        try:
            self.process.stdin.write(text)
            self.process.stdin.flush()
        except OSError:
            pass

    def end(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:
                pass


class Sessions:
    def __init__(self, fleet):
        self.fleet = fleet
        self.open = []
        self.number = 0

    def begin(self):
        """Opens one of each kind, into pods at different edges, as far as there are any."""
        for kind, pod in zip([self.follow, self.run, self.forward], self.talkers()):
            self.open.append(kind(pod))

    def talkers(self):
        try:
            pods = [
                pod["metadata"]["name"] for pod in self.fleet.items("pods", "-n", "staying")
                if pod["status"].get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
            ]
        except NotAtRest:
            return []
        talkers = [name for name in pods if name.startswith("talker")]
        servers = [name for name in pods if name.startswith("app")]
        return [talkers[0], talkers[-1], *servers[:1]] if talkers else []

    def follow(self, pod):
        return Session(self.fleet, f"logs -f {pod}", "logs", "-f", "--tail=1", "-n", "staying", pod)

    def run(self, pod):
        return Session(self.fleet, f"exec {pod}", "exec", "-i", "-n", "staying", pod, "--", "cat")

    def forward(self, pod):
        return Session(self.fleet, f"port-forward {pod}", "port-forward", "-n", "staying", pod, ":80")

    def settle(self):
        """Once all is mended: each goes on or has ended; an exec that ended has an error."""
        hung, silent = [], []
        for session in self.open:
            if session.process.poll() is None and not self.goes_on(session):
                hung.append(session.what)
            elif session.what.startswith("exec") and session.process.poll() == 0:
                silent.append(session.what)
            session.end()
        ended = sum(1 for session in self.open if session.process.returncode != -9)
        if self.open:
            self.fleet.check(
                f"{len(self.open)} open sessions go on, or have ended ({ended}) (I6)",
                f"hang: {hung}" if hung else f"ended without an error: {silent}" if silent else None,
            )
        self.open = []

    def goes_on(self, session):
        """Whether it answers, or ends now."""
        if session.what.startswith("logs"):
            session.said = b""
            return session.hears(b"tick", PATIENCE) or session.process.poll() is not None
        if session.what.startswith("exec"):
            self.number += 1
            word = f"word-{self.number}".encode()
            session.tell(word + b"\n")
            return session.hears(word, PATIENCE) or session.process.poll() is not None
        return self.page(session, PATIENCE) is not None

    def page(self, session, patience):
        """What is served behind it; empty where it refuses or has ended, None where nothing comes."""
        if not session.hears(b"127.0.0.1:", patience):
            return b"" if session.process.poll() is not None else None
        port = re.search(rb"127\.0\.0\.1:(\d+)", session.said)[1].decode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=patience) as answer:
                return answer.read()
        except TimeoutError:
            return None
        except (urllib.error.URLError, OSError) as error:
            return None if isinstance(getattr(error, "reason", None), TimeoutError) else b""

    def work(self):
        """At rest, new ones do what they are for."""
        pods = self.talkers()
        problems = []
        for kind, pod in zip([self.follow, self.run, self.forward], pods):
            session = kind(pod)
            session.tell(b"echo\n")
            if session.what.startswith("port"):
                good = pod.encode() in (self.page(session, 15) or b"")
            else:
                good = session.hears(b"tick" if session.what.startswith("logs") else b"echo", 15)
            if not good:
                problems.append(f"{session.what} says {session.said.decode(errors='replace').strip()!r}")
            session.end()
        if pods:
            self.fleet.check("logs -f, exec and port-forward work", "; ".join(problems) or None)
