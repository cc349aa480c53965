"""What stands between the two sides of a peering and does to bytes what bad networks do, in user space.

Usage: relay.py FOLDER EDGE...

Listens once for each edge of the playground in CAUSEWAY_PLAYGROUND and writes the ports into FOLDER/addresses, as
CAUSEWAY_PEER_ADDRESSES wants them. FOLDER/line may hold at any time how the lines are, as JSON: "delay" (seconds each way),
"loss" (of segments, from 0 to 1) and "rate" (bytes a second each way; 0 for any number). SEED is that of all chance. Ends on
SIGTERM. scripts/chaos uses the class, for which it holds and cuts as well.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import threading

# What TCP sends at once, and how long it waits at least before it sends something again.
SEGMENT = 1400
LEAST_WAIT = 0.2
# As much as waits here: the rest waits where it is sent, as before a real line.
BUFFER = 4096


class Relay:
    """Listens on 127.0.0.1 and on ::1 at one port, and is a proxy for CONNECT to whoever asks it to be one.

    `target` tells the port on 127.0.0.1 of whom it stands before; it throws where that is not known yet. "to" is the direction
    from the side that dials. What is lost is sent again, as TCP does: everything after it waits.
    """

    def __init__(self, target, loop, seed=0):
        self.target = target
        self.loop = loop
        self.random = random.Random(seed)
        self.writers = set()
        self.mend()
        self.port = asyncio.run_coroutine_threadsafe(self.listen(), loop).result(10)

    def mend(self):
        self.delay = 0.0
        self.loss = 0.0
        self.rate = 0
        # Directions in which nothing passes.
        self.held = set()
        self.flaps = False

    async def listen(self):
        self.servers, port = [], 0
        for family, host in [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]:
            listener = socket.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            port = listener.getsockname()[1]
            self.servers.append(await asyncio.start_server(self.serve, sock=listener, limit=BUFFER))
        self.flapping = self.loop.create_task(self.flap())
        return port

    async def serve(self, reader, writer):
        try:
            first = await reader.read(BUFFER)
            # Of TLS it is always another one.
            if first.startswith(b"C"):
                first, host, port = await self.connect(reader, writer, first)
            else:
                host, port = "127.0.0.1", self.target()
            far_reader, far_writer = await self.dial(host, port)
        except (OSError, TypeError, ValueError):
            writer.close()
            return
        pair = {writer, far_writer}
        self.writers |= pair
        try:
            await asyncio.gather(
                self.copy(reader, far_writer, "to", first), self.copy(far_reader, writer, "from"), return_exceptions=True
            )
        finally:
            self.writers -= pair
            for one in pair:
                one.close()

    async def connect(self, reader, writer, head):
        while b"\r\n\r\n" not in head:
            more = await reader.read(BUFFER)
            if not more:
                raise ValueError("no whole request")
            head += more
        request, _, rest = head.partition(b"\r\n\r\n")
        host, _, port = request.split()[1].decode().rpartition(":")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        return rest, host.strip("[]"), int(port)

    async def dial(self, host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        far = socket.socket(family)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        far.setblocking(False)
        try:
            await self.loop.sock_connect(far, (host, port))
        except OSError:
            far.close()
            raise
        return await asyncio.open_connection(sock=far, limit=BUFFER)

    async def copy(self, reader, writer, direction, data=b""):
        """Passes on one direction; the last bytes of a line that only delays are on their way while the next are read."""
        way, loop = asyncio.Queue(256), asyncio.get_running_loop()

        async def arrive():
            while (item := await way.get()) is not None:
                at, bytes_ = item
                await asyncio.sleep(at - loop.time())
                while direction in self.held:
                    await asyncio.sleep(0.02)
                writer.write(bytes_)
                await writer.drain()

        arriving = asyncio.create_task(arrive())
        try:
            while data or (data := await reader.read(SEGMENT if self.rate or self.loss else 65536)):
                if self.rate:
                    await asyncio.sleep(len(data) / self.rate)
                at, wait = loop.time() + self.delay, max(LEAST_WAIT, 2 * self.delay)
                while self.random.random() < self.loss:
                    at, wait = at + wait, wait * 2
                await way.put((at, data))
                data = b""
            await way.put(None)
            await arriving
        finally:
            arriving.cancel()
            writer.close()

    async def flap(self):
        while True:
            await asyncio.sleep(1.5)
            if self.flaps:
                self.abort()

    def abort(self):
        for writer in list(self.writers):
            writer.transport.abort()

    def cut(self):
        self.loop.call_soon_threadsafe(self.abort)


def peer_port(edge):
    """Of an edge of the playground, where it is up."""
    with open(f"{os.environ['CAUSEWAY_PLAYGROUND']}/{edge}/state/peer-port") as file:
        return int(file.read())


async def follow(folder, relays):
    """Has the lines be as the file says."""
    while True:
        try:
            with open(f"{folder}/line") as file:
                line = json.load(file)
        except (OSError, ValueError):
            line = {}
        for relay in relays:
            relay.delay, relay.loss, relay.rate = line.get("delay", 0), line.get("loss", 0), line.get("rate", 0)
        await asyncio.sleep(0.2)


def main():
    folder, edges = sys.argv[1], sys.argv[2:]
    # Whoever has started it may wait until what it has inherited is closed.
    os.closerange(3, 1024)
    # And may have blocked what is to end this.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    seed = os.environ.get("SEED", 0)
    relays = {edge: Relay(lambda edge=edge: peer_port(edge), loop, seed=f"{seed} {edge}") for edge in edges}
    with open(f"{folder}/addresses.new", "w") as file:
        file.write(",".join(f"{edge}=127.0.0.1:{relay.port}" for edge, relay in relays.items()))
    os.replace(f"{folder}/addresses.new", f"{folder}/addresses")
    asyncio.run_coroutine_threadsafe(follow(folder, relays.values()), loop).result()


if __name__ == "__main__":
    main()
