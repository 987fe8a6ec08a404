"""See tests/system/small_pieces."""
from house import *

HELLO = hello()
TRIES = 40
STALL_MS = 30  # the kernel acknowledges after 40 ms at the earliest, when it waits for company


def serve(c):
    """Speaks in pieces, of which the kernel sends each only when the one before is acknowledged."""
    f = c.makefile("rb")
    f.read(len(HELLO))
    for _ in range(3):
        c.sendall(b"piece")
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)  # acknowledges as late as it may
    while f.read(20):
        c.sendall(b"piece")


def receive(s, n):
    while n:
        n -= len(s.recv(n))


def first_answer():
    with dial(TLS) as s:
        began = time.monotonic()
        s.sendall(HELLO)
        receive(s, 15)
        return (time.monotonic() - began) * 1000


def pieces():
    """The same of the client's, which nobody may hold back either."""
    with dial(TLS) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.sendall(HELLO)
        receive(s, 15)
        began = time.monotonic()
        for _ in range(4):
            s.sendall(b"piece")
            time.sleep(0.003)  # one by one through the proxy, too
        receive(s, 5)
        return (time.monotonic() - began) * 1000


setup((ALICE, 9080, answer_ok), (ALICE, 9443, serve))
proxy = Proxy(workers=1)
# The fastest of many: whoever has to wait waits each time, and a busy machine cannot make anybody faster.
best = min(first_answer() for _ in range(TRIES))
ok(best < STALL_MS, "an answer in small pieces comes without a wait", best)
best = min(pieces() for _ in range(TRIES))
ok(best < STALL_MS, "so does a question", best)
done()
