"""Connects over and over until told by a line on stdin; prints how many did, and each that did not.

usage: hammer.py WANT HOST:PORT…     WANT: what the server has to say first
"""
import select
import socket
import sys
import time

want = sys.argv[1].encode()
targets = [(t.rpartition(":")[0].strip("[]"), int(t.rpartition(":")[2])) for t in sys.argv[2:]]
good = bad = 0
worst = 0.0
print("hammering", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    for host, port in targets:
        began = time.monotonic()
        try:
            with socket.create_connection((host, port), timeout=10) as s:
                said = s.recv(64)
            if not said.startswith(want):
                raise OSError("said %r" % said)
            good += 1
        except OSError as e:
            bad += 1
            print("failed:", host, port, e, flush=True)
        worst = max(worst, time.monotonic() - began)
print("served %d, failed %d, worst %.3f s" % (good, bad, worst), flush=True)
