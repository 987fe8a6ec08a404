"""Traffic for acct_wire: one process with a socket in each of two namespaces.

usage: acct_wire.py tcp|udp FROM TO ADDRESS BYTES [SEGMENT] [dstopts]
Prints the datagrams that arrived, or the TCP segments that the sender's kernel sent, and how many it sent again.
"""
import ctypes
import socket
import sys
import threading

UDP_SEGMENT, IPV6_DSTOPTS, SO_RCVBUFFORCE = 103, 59, 33
SUPER = 64000  # bytes of one write
PORT = 7777
W = "/mnt/ns/"

libc = ctypes.CDLL(None, use_errno=True)


def enter(ns):
    with open(W + ns) as f:
        if libc.setns(f.fileno(), 0) == -1:
            raise OSError(ctypes.get_errno(), "setns")


def out_segments():
    with open("/proc/thread-self/net/snmp") as f:
        head, values = [row.split() for row in f if row.startswith("Tcp:")]
    return [int(values[head.index(name)]) for name in ("OutSegs", "RetransSegs")]


kind, here, there, address, total = sys.argv[1:6]
total, segment = int(total), int(sys.argv[6]) if len(sys.argv) > 6 else 0
family = socket.AF_INET6 if ":" in address else socket.AF_INET
way = socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM

enter(there)
sink = socket.socket(family, way)
sink.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
sink.bind((address, PORT))
sink.settimeout(10)
if kind == "tcp":
    sink.listen(1)
enter(here)
source = socket.socket(family, way)
if "dstopts" in sys.argv:
    source.setsockopt(socket.IPPROTO_IPV6, IPV6_DSTOPTS, b"\0\0\1\4\0\0\0\0")  # eight bytes of padding
source.settimeout(10)
before = out_segments()
source.connect((address, PORT))

if kind == "tcp":
    peer = sink.accept()[0]
    peer.settimeout(10)

    def pour():
        piece = bytes(1 << 20)
        for _ in range(total >> 20):
            source.sendall(piece)
        source.shutdown(socket.SHUT_WR)
    threading.Thread(target=pour, daemon=True).start()
    got = 0
    while n := len(peer.recv(1 << 20)):
        got += n
    assert got == total >> 20 << 20
    peer.close()
    source.recv(1)  # it is over
    print(*(now - then for now, then in zip(out_segments(), before)))
else:
    source.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, segment)
    n = got = 0
    for _ in range(total // SUPER):
        source.send(bytes(SUPER))
        left = SUPER
        while left:  # all of it is there before there is more
            left -= len(sink.recv(65536))
            n += 1
    print(n, 0)
