"""Connects over and over until told by a line on stdin; prints how many did, and each that did not.

usage: hammer.py WANT [udp:]HOST:PORT…     WANT: what the server has to say first

Over UDP each question comes from a port of its own, so that it is a new flow; it is asked once. The kernel keeps each
for half a minute, and 16384 of them are a guest's ceiling: beyond, natd rightly drops what is new. So two hundred a
second are asked of each address, however fast the machine.
"""
import select
import socket
import sys
import time

want = sys.argv[1].encode()
QUESTIONS_PER_S = 200


def target(text):
    host, _, port = text.removeprefix("udp:").rpartition(":")
    return text.startswith("udp:"), host.strip("[]"), int(port)


def connect(host, port):
    with socket.create_connection((host, port), timeout=10) as s:
        return s.recv(64)


def ask(host, port):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.connect((host, port))
        s.send(b"?")
        return s.recv(64)


targets = [target(t) for t in sys.argv[2:]]
good, bad = {False: 0, True: 0}, {False: 0, True: 0}
worst, next_at = 0.0, {t: 0 for t in targets}
print("hammering", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    for at in targets:
        udp, host, port = at
        began = time.monotonic()
        if began < next_at[at]:
            continue
        try:
            said = ask(host, port) if udp else connect(host, port)
            if not said.startswith(want):
                raise OSError("said %r" % said)
            good[udp] += 1
        except OSError as e:
            bad[udp] += 1
            print("failed:", "udp" if udp else "tcp", host, port, e, flush=True)
        if udp:
            next_at[at] = began + 1 / QUESTIONS_PER_S
        worst = max(worst, time.monotonic() - began)
print("served %d, failed %d, answers %d, lost %d, worst %.3f s"
      % (good[False], bad[False], good[True], bad[True], worst), flush=True)
