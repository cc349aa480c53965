"""What breaks at random. Each method breaks one thing and returns what mends it; all is mended at the end of a round."""

import signal
import time

from fleet import CLOUD, OWN_EDGES, SOUTH, SOUTH_AGENT, agent

# In seconds: as much as tokens and certificates bear, an hour, and so long that certificates, which are good for 30 days, renew
# themselves.
JUMPS = [-240, 240, -3600, 3600, 21 * 86_400]
JUMP_WEIGHTS = [1, 1, 1, 1, 2]


class Breaking:
    def __init__(self, fleet):
        self.fleet = fleet
        self.random = fleet.random
        # Agents' backups: which generation of each peering they know.
        self.backups = {}
        # Peerings that may have to be made anew: the state of one side knows nothing of them.
        self.stale = set()

    def kill(self, daemon):
        """F4, F6"""
        self.fleet.say(f"{daemon} is killed")
        self.fleet.kill(daemon)
        return lambda: self.fleet.start(daemon)

    def stop(self, daemon):
        """F1, F2; of the hub that embeds an edge's cluster F21"""
        self.fleet.say(f"{daemon} is stopped, as by a debugger")
        self.fleet.signal(daemon, signal.SIGSTOP)
        return lambda: self.fleet.start(daemon)

    def restart(self, daemon):
        """F4, F6: killed, and back before anybody counts it as gone."""
        self.kill(daemon)()
        self.fleet.say(f"{daemon} is back")
        return lambda: None

    def jump(self, daemon):
        """F9, F11"""
        seconds = self.random.choices(JUMPS, JUMP_WEIGHTS)[0]
        self.fleet.say(f"the clock of {daemon} jumps by {seconds} s")
        self.fleet.set_clock(daemon, seconds)
        for peering in self.fleet.peerings:
            # What looks at the clock does so when connections begin, and every hour.
            if daemon in (peering.hub, agent(peering.edge)) and (seconds > 86_400 or self.random.random() < 0.7):
                peering.relay.cut()
        return lambda: self.fleet.set_clock(daemon, 0)

    def restore(self, edge):
        """An agent that is restored from an old backup; a peering that is newer cannot know it any more."""
        known = self.backups.get(edge)
        if known is None:
            return self.kill(edge)
        self.fleet.say(f"{edge} is killed, and restored from its backup")
        self.fleet.kill(edge)
        time.sleep(0.2)
        self.fleet.restore(edge)
        for peering in self.fleet.peerings:
            if peering.edge == edge and known[id(peering)] != peering.generation:
                self.stale.add(peering)
        return lambda: self.fleet.start(edge)

    def hold(self, peering):
        """F1, F2"""
        directions = self.random.choice([{"to"}, {"from"}, {"to", "from"}])
        self.fleet.say(f"bytes {' and '.join(sorted(directions))} whom {peering} dial are held")
        peering.relay.held = directions
        return peering.relay.mend

    def slow(self, peering):
        """F3"""
        peering.relay.delay = self.random.choice([0.05, 0.3, 1.0])
        self.fleet.say(f"bytes between {peering} take {peering.relay.delay} s")
        return peering.relay.mend

    def lose(self, peering):
        """F3"""
        self.fleet.say(f"the line between {peering} loses every tenth segment")
        peering.relay.loss = 0.1
        return peering.relay.mend

    def narrow(self, peering):
        """F3"""
        self.fleet.say(f"the line between {peering} is one of 64 kbit/s")
        peering.relay.rate = 8000
        return peering.relay.mend

    def cut(self, peering):
        """F8"""
        self.fleet.say(f"the connection of {peering} is cut")
        peering.relay.cut()
        return lambda: None

    def flap(self, peering):
        """F16"""
        self.fleet.say(f"the connection of {peering} is cut again and again")
        peering.relay.flaps = True
        return peering.relay.mend

    def anything(self):
        """Breaks one thing."""
        of_daemons = [(self.kill, 3), (self.stop, 2), (self.restart, 2), (self.jump, 2), (self.restore, 1)]
        of_networks = [(self.hold, 3), (self.slow, 1), (self.lose, 1), (self.narrow, 1), (self.cut, 1.5), (self.flap, 1)]
        kinds = of_daemons + of_networks
        kind = self.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        if any(kind == one for one, _ in of_networks):
            return kind(self.random.choice(self.fleet.peerings))
        if kind == self.restore:
            return kind(self.random.choice(OWN_EDGES))
        return kind(self.random.choices([CLOUD, SOUTH, SOUTH_AGENT, *OWN_EDGES], [3, 1, 1, 2, 2, 2])[0])

    def back_up(self):
        """Backs an agent up, now and then."""
        if self.random.random() < 0.4:
            edge = self.random.choice(OWN_EDGES)
            self.fleet.say(f"{edge} is backed up")
            self.backups[edge] = self.fleet.back_up(edge)
