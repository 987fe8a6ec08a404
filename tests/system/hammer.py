"""Connects over and over until told by a line on stdin; prints how many did, and each that did not.

usage: hammer.py WANT [udp:]HOST:PORT…     WANT: what the server has to say first

Over UDP each question comes from a port of its own, so that it is a new flow; it is asked once.
"""
import select
import socket
import sys
import time

want = sys.argv[1].encode()


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
worst = 0.0
print("hammering", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    for udp, host, port in targets:
        began = time.monotonic()
        try:
            said = ask(host, port) if udp else connect(host, port)
            if not said.startswith(want):
                raise OSError("said %r" % said)
            good[udp] += 1
        except OSError as e:
            bad[udp] += 1
            print("failed:", "udp" if udp else "tcp", host, port, e, flush=True)
        worst = max(worst, time.monotonic() - began)
print("served %d, failed %d, answers %d, lost %d, worst %.3f s"
      % (good[False], bad[False], good[True], bad[True], worst), flush=True)
