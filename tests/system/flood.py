"""Opens as many flows of UDP as it is told: one datagram each to ports of a few addresses. A tap's queue is short, so
PACE of them are followed by a rest, and are sent again after a longer one when the device had no room for one of them.
usage: flood.py N SOURCES PACE ADDRESS…"""
import itertools
import socket
import sys
import time

total, sources, pace = map(int, sys.argv[1:4])
addresses = sys.argv[4:]


def dropped():
    """Datagrams for which the devices here had no room."""
    with open("/proc/self/net/dev") as f:
        return sum(int(row.split(":")[1].split()[11]) for row in f if ":" in row)


def send(burst):
    for s, to in burst:
        try:
            s.sendto(b"x", to)
        except OSError:
            pass


def flows():
    for source in range(sources):
        s = socket.socket(socket.AF_INET6 if ":" in addresses[0] else socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 20000 + source))  # sent again, they are the same flows
        for address in addresses:
            for port in range(1, 65536):
                yield s, (address, port)


left, again, lost = itertools.islice(flows(), total), 0, dropped()
while burst := list(itertools.islice(left, pace)):
    send(burst)
    time.sleep(0.005)
    while (now := dropped()) > lost:
        lost, again = now, again + 1
        time.sleep(0.05)
        send(burst)
        time.sleep(0.005)
print("sent", total, "and", again, "times a part again", flush=True)
