"""What stands between the two sides of a peering: lets bytes through, holds them, delays them, or cuts their connections."""

import asyncio


class Relay:
    """Listens on 127.0.0.1 and on ::1 at one port, and is a proxy for CONNECT to whoever asks it to be one.

    `target` tells the port on 127.0.0.1 of whom it stands before; None where that is not known yet. "to" is the direction
    from the side that dials.
    """

    def __init__(self, target, loop):
        self.target = target
        self.loop = loop
        self.delay = 0.0
        self.held = set()
        self.flaps = False
        self.writers = set()
        self.port = asyncio.run_coroutine_threadsafe(self.listen(), loop).result(10)

    async def listen(self):
        first = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = first.sockets[0].getsockname()[1]
        self.servers = [first, await asyncio.start_server(self.serve, "::1", port)]
        self.flapping = self.loop.create_task(self.flap())
        return port

    async def serve(self, reader, writer):
        try:
            first = await reader.read(65536)
            # Of TLS it is always another one.
            if first.startswith(b"C"):
                first, host, port = await self.connect(reader, writer, first)
            else:
                host, port = "127.0.0.1", self.target()
            far_reader, far_writer = await asyncio.open_connection(host, port)
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
            more = await reader.read(65536)
            if not more:
                raise ValueError("no whole request")
            head += more
        request, _, rest = head.partition(b"\r\n\r\n")
        host, _, port = request.split()[1].decode().rpartition(":")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        return rest, host.strip("[]"), int(port)

    async def copy(self, reader, writer, direction, data=b""):
        try:
            while data or (data := await reader.read(65536)):
                if self.delay:
                    await asyncio.sleep(self.delay)
                while direction in self.held:
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
                data = b""
        finally:
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

    def mend(self):
        self.delay = 0.0
        self.held = set()
        self.flaps = False
