"""What must hold at any moment, faults or not: no pod of an origin runs twice, at two edges or at one (I1)."""

import threading
import time

from fleet import EDGES, NotAtRest

# The mark that an edge's pod carries.
UID = "causeway.io/origin-uid"


class Watching:
    """Looks at the edges that answer, again and again."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.lock = threading.Lock()
        # Where each pod has been seen, ever: it is bound to its edge for good.
        self.places = {}
        self.looks = 0
        self.twice = set()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            for edge in EDGES:
                try:
                    self.look(edge, self.fleet.items("pods", "-A", "-l", UID, cluster=edge))
                except NotAtRest:
                    continue
            time.sleep(2)

    def look(self, edge, pods):
        here = [
            pod["metadata"]["labels"][UID] for pod in pods
            if not pod["metadata"].get("deletionTimestamp") and pod["status"].get("phase") not in ("Succeeded", "Failed")
        ]
        with self.lock:
            self.looks += 1
            for uid in here:
                if here.count(uid) > 1 or self.places.setdefault(uid, edge) != edge:
                    self.twice.add(f"{uid} at {edge} and {self.places[uid]}")

    def judge(self):
        with self.lock:
            self.fleet.check(f"no pod ran twice in {self.looks} looks (I1)", ", ".join(sorted(self.twice)) or None)
            self.looks, self.twice = 0, set()
