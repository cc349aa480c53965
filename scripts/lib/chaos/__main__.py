"""Random faults against two hubs and four edges, and what must hold after each round: F23 of the page Faults, for as long as
one likes. Run by scripts/chaos.

Faults and invariants have their numbers from there. Broken are daemons, clocks, disks' contents and networks (`breaking.py`);
users change workloads and peerings meanwhile (`changes.py`) and have sessions open (`sessions.py`); I1 to I6 are what is
checked (`judging.py`, `watching.py`, and each command for its deadline).
"""

import argparse
import random
import signal
import sys
import time

from breaking import Breaking
from changes import Changes
from fleet import DAEMONS, ROME, Fleet
from judging import Judging
from sessions import Sessions
from watching import Watching


class Chaos:
    def __init__(self, seed, build):
        self.random = random.Random(seed)
        self.fleet = Fleet(self.random, build)
        self.breaking = Breaking(self.fleet)
        self.changes = Changes(self.fleet)
        self.sessions = Sessions(self.fleet)
        self.judging = Judging(self.fleet, self.changes)

    def begin(self):
        self.fleet.begin()
        self.changes.begin()
        self.judging.judge()
        self.watching = Watching(self.fleet)

    def run_round(self):
        self.fleet.round += 1
        print(f"Round {self.fleet.round}", flush=True)
        self.breaking.stale = set()
        self.changes.touched, self.changes.left = set(), {e for e, peered in self.changes.peered.items() if not peered}
        self.breaking.back_up()
        self.sessions.begin()
        if self.random.random() < 0.2 and self.changes.peered[ROME]:
            self.judging.part()
        undo = []
        for _ in range(self.random.randint(1, 3)):
            undo.append(self.breaking.anything())
            for _ in range(self.random.randint(0, 4)):
                self.changes.anything()
            # Shorter and longer than it takes to be suspect, disconnected, replaced.
            time.sleep(self.random.choice([0, 0.5, 2, 5, 9, 20]))
        self.fleet.say("all is mended")
        for one in reversed(undo):
            one()
        for daemon in DAEMONS:
            self.fleet.start(daemon)
        self.sessions.settle()
        self.changes.make_whole(self.breaking.stale)
        self.judging.judge()
        self.watching.judge()
        self.sessions.work()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--build", required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {arguments.seed}", flush=True)
    chaos = Chaos(arguments.seed, arguments.build)
    try:
        chaos.begin()
        end = time.monotonic() + arguments.minutes * 60
        while time.monotonic() < end:
            chaos.run_round()
    finally:
        chaos.fleet.end()
    failed = chaos.fleet.failed
    for failure in failed:
        print(f"failed: {failure}")
    print(f"{chaos.fleet.passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
