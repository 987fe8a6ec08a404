"""Opens as many flows of UDP as it is told: one datagram each to ports of a few addresses. a tap's queue is short,
so PACE of them are followed by a rest. usage: flood.py N SOURCES PACE ADDRESS…"""
import socket
import sys
import time

total, sources, pace = map(int, sys.argv[1:4])
sent = 0
for source in range(sources):
    family = socket.AF_INET6 if ":" in sys.argv[4] else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind(("", 20000 + source))  # sent again, they are the same flows
    for address in sys.argv[4:]:
        for port in range(1, 65536):
            if sent == total:
                break
            try:
                s.sendto(b"x", (address, port))
            except OSError:
                pass
            sent += 1
            if sent % pace == 0:
                time.sleep(0.005)
print("sent", sent, flush=True)
