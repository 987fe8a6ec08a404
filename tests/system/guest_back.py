"""See tests/system/guest_back."""
import re, threading
from house import *

KEPT = OK.replace(b"Connection: close\r\n", b"")


class Server:
    """A guest's server that can be ended with all that it has open."""

    def __init__(self, address, port, answer):
        self.s, self.open, self.answer = socket.socket(), [], answer
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.bind((address, port))
        self.s.listen(64)
        threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        with contextlib.suppress(OSError):
            while True:
                c = self.s.accept()[0]
                self.open.append(c)
                threading.Thread(target=self.one, args=(c,), daemon=True).start()

    def one(self, c):
        with contextlib.suppress(OSError), c:
            while got := c.recv(65536):
                c.sendall(self.answer(got))

    def end(self):
        for s in (self.s, *self.open):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


def ends():
    return [re.search(r" end=(\w+)", l)[1] for l in log().splitlines() if "client=" in l]


def curl(*args):
    return subprocess.run(["curl", "-s", "-m", "10", "--resolve", "alice.test:8080:127.0.0.1", *args, "http://alice.test:8080/"], capture_output=True, text=True).stdout


def read_yes(s):
    got = b""
    while not got.endswith(b"yes"):
        more = s.recv(4096)
        if not more:
            return got
        got += more
    return got


setup((BOB, 9080, answer_ok))
import house
house.ask.__defaults__ = (b"bob.test",) + house.ask.__defaults__[1:]
proxy = Proxy()
pids = workers()

# --- down: nobody listens ---------------------------------------------------------------------------------------

began = time.time()
got = curl("-i")
ok(re.match(r"HTTP/1.1 503 Service Unavailable\r?\n", got) and re.search(r"^Retry-After: \d+\r?$", got, re.M) and "does not answer" in got,
   "curl gets a 503 that says when to try again", got)
ok("alice" not in got and "10.77" not in got and "refused" not in got.lower(), "and nothing of who is here", got)
ok(time.time() - began < 1.5, "at once", time.time() - began)
with dial(TLS) as s:
    s.sendall(hello())
    ok(drain(s) == b"\x15\x03\x03\0\2\2\x50", "a TLS client gets internal_error")
ok(within(5, lambda: status()["guests"]["alice"]["refused"] == {"guest_down": 2} and ends().count("guest_down") == 2), "both are counted, and logged", status()["guests"])

# --- down: packets go nowhere, until the connect timeout ------------------------------------------------------------

subprocess.run(["ip", "addr", "del", ALICE + "/32", "dev", "lo"], check=True)
subprocess.run("ip link add hole type veth peer name nobody && ip link set hole up && ip link set nobody up && ip addr add 10.77.99.1/32 dev hole && "
               "ip route add 10.77.0.2/32 dev hole && ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:99 dev hole", shell=True, check=True)
began = time.time()
got = curl("-i")
ok(got.startswith("HTTP/1.1 503") and "Retry-After:" in got and 1.5 < time.time() - began < 8, "a guest that says nothing is given its time and no more", (got, time.time() - began))
ok(answered(ask(b"bob.test")), "its neighbour is served")
subprocess.run("ip link del hole && ip addr add %s/32 dev lo" % ALICE, shell=True, check=True)

# --- back ---------------------------------------------------------------------------------------------------------

server = Server(ALICE, 9080, lambda got: KEPT)
tls = Server(ALICE, 9443, lambda got: got)
ok(curl() == "yes", "once it is back it is served by the next request")
with dial(TLS) as s:
    s.sendall(hello())
    ok(s.recv(4096) == hello(), "and by TLS")

# --- it goes while a client is there --------------------------------------------------------------------------------

kept = dial()
kept.sendall(b"GET /1 HTTP/1.1\r\nHost: alice.test\r\n\r\n")
ok(read_yes(kept) == KEPT, "a connection is kept")
within(5, lambda: status()["guests"]["alice"]["open"] >= 1)
server.end()
ok(kept.recv(100) == b"", "when its guest goes, the client hears the end and no answer of ours that it did not ask for")
kept.close()
with dial() as s:
    s.sendall(b"GET /1 HTTP/1.1\r\nHost: alice.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: bob.test\r\n\r\n")
    got = drain(s)
    ok(got.startswith(b"HTTP/1.1 503") and got.count(b"HTTP/1.1") == 1, "a 503 is the last of its connection", got)
server = Server(ALICE, 9080, lambda got: KEPT)
ok(curl() == "yes", "back again, served again")

# --- one that dies in the middle of an answer -------------------------------------------------------------------------

server.end()
server = Server(ALICE, 9080, lambda got: b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
with dial() as s:
    s.sendall(REQUEST % b"alice.test")
    half = s.recv(4096)
    server.end()
    ok(half.endswith(b"half") and s.recv(4096) == b"", "half an answer is followed by no page", half)
ok(within(5, lambda: 'end=cut why="the guest ended in the middle of its answer"' in log()), "and the log does not call it done", log())
server = Server(ALICE, 9080, lambda got: b"")
with dial() as s:
    s.sendall(REQUEST % b"alice.test")
    within(5, lambda: server.open)
    server.end()
    ok(s.recv(4096) == b"" and within(5, lambda: 'end=cut why="the guest ended before its answer"' in log()), "nor one that never began", log())
server = Server(ALICE, 9080, lambda got: KEPT)
ok(curl() == "yes" and workers() == pids, "all that by the same workers")
ok(within(5, lambda: status()["guests"]["alice"]["open"] == 0), "and nothing is left", status()["guests"])
done()
