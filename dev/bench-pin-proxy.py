"""A proxy on loopback that says to be every host asked for, and hands all to one server.

    bench-pin-proxy.py HOST:PORT CERTIFICATE KEY
"""

import asyncio
import ssl
import sys


async def pump(source, sink):
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        sink.close()


async def tunnel(reader, writer, server, tls):
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.start_tls(tls)
        behind, before = await asyncio.open_connection(*server)
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        writer.close()
        return
    await asyncio.gather(pump(reader, before), pump(behind, writer))


async def main(server, certificate, key):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    address = server.rsplit(":", 1)

    def converse(reader, writer):
        return tunnel(reader, writer, address, tls)

    listener = await asyncio.start_server(converse, "127.0.0.1", 0, backlog=1024)
    print("127.0.0.1:%d" % listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


asyncio.run(main(*sys.argv[1:]))
