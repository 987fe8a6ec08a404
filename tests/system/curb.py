"""curb.py flood ADDRESS PORT: UDP at about 4 Mbit/s, without end
curb.py rate DEVICE rx|tx SECONDS: bytes a second that the kernel counted there
curb.py trickle ADDRESS PORT: what arrives on one TCP connection, a line of bytes so far every tenth of a second"""
import socket
import sys
import time


def counted(device, way):
    with open("/proc/self/net/dev") as f:
        row = next(row for row in f if row.strip().startswith(device + ":"))
    return int(row.split(":")[1].split()[0 if way == "rx" else 8])


def flood(address, port):
    to = socket.getaddrinfo(address, int(port), type=socket.SOCK_DGRAM)[0]
    s = socket.socket(to[0], socket.SOCK_DGRAM)
    due = time.monotonic()
    while True:
        try:
            s.sendto(bytes(1000), to[4])
        except OSError:
            pass  # a port unreachable, or no room: go on
        due += 0.002
        time.sleep(max(0, due - time.monotonic()))


def rate(device, way, seconds):
    began, before = time.monotonic(), counted(device, way)
    time.sleep(float(seconds))
    print(int((counted(device, way) - before) / (time.monotonic() - began)))


def trickle(address, port):
    s = socket.create_connection((address, int(port)))
    s.settimeout(0.1)
    total = 0
    while True:
        try:
            got = len(s.recv(1 << 16))
            if got == 0:
                return
            total += got
        except TimeoutError:
            pass
        print(total, flush=True)


globals()[sys.argv[1]](*sys.argv[2:])
