"""A server for many short connections: says WORD to each and closes. usage: greet.py WORD PORT…, over IPv4 and IPv6"""
import selectors
import socket
import sys

word = sys.argv[1].encode() + b"\n"
loop = selectors.DefaultSelector()
for port in map(int, sys.argv[2:]):
    s = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
    s.setblocking(False)
    loop.register(s, selectors.EVENT_READ)
while True:
    for key, _ in loop.select():
        try:
            peer, _ = key.fileobj.accept()
        except BlockingIOError:
            continue
        try:
            peer.send(word)
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        peer.close()
