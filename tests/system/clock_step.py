"""See tests/system/clock_step."""
from house import *

HOUR = 3600


def step(seconds):
    with open(W + "/step", "r+b") as f:
        f.write(seconds.to_bytes(8, sys.byteorder, signed=True))


def is_open(s):
    s.settimeout(5)
    try:
        s.sendall(b"still there?")
        return s.recv(64) == b"still there?"
    except OSError:
        return False


def half_hello():
    s = dial()
    s.sendall(b"GET / HTTP/1.1\r\nHost: alice")
    return s


def ended(s, seconds):
    """With an answer that says it was too slow."""
    s.settimeout(seconds)
    try:
        return drain(s).startswith(b"HTTP/1.1 408")
    except OSError:
        return False


subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", W + "/step.so", "tests/system/clock_step.c", "-ldl"],
               check=True)
with open(W + "/step", "wb") as f:
    f.write(bytes(8))
setup((ALICE, 9080, answer_ok), (ALICE, 9443, answer_echo))
words = ["env", "LD_PRELOAD=" + W + "/step.so", "CLOCK_STEP=" + W + "/step", PROXY, "-c", W + "/lodge.yaml"]
proxy = Proxy(run=words, hello="1s", rate=20, workers=1)
mapped = [pid for pid in [proxy.pid] + workers() if W + "/step" in open("/proc/%d/maps" % pid).read()]
ok(len(mapped) == 2, "the proxy and its worker read the clock that this test sets", mapped)

s = dial(TLS)
s.sendall(hello())
got = b""
while len(got) < len(hello()):
    got += s.recv(4096)
slow = half_hello()
step(HOUR)
ok(ended(slow, 10), "an hour forward, a slow client is told so")
# Its second began after the other's, whose first look at the clock is therefore over.
slow = half_hello()
ok(ended(slow, 10) and is_open(s), "and who is within the time goes on", log())

slow = half_hello()
ok(within(5, lambda: status()["open"] >= 1), "a half-sent hello is open")
step(-HOUR)
ok(ended(slow, 10), "an hour back, it ends in time all the same", status())
ok(is_open(s), "and the other one still does not")
s.close()
ok(within(5, lambda: status()["open"] == 0), "which ends when it is ended")
ms = [int(line.split(" ms=")[1].split()[0]) for line in log().splitlines() if " ms=" in line]
ok(len(ms) >= 4 and max(ms) < HOUR * 1000 / 2, "the lines say how long it took, not what the clock said", ms)

for _ in range(60):
    with contextlib.suppress(OSError):
        ask()
ok(status()["refused"]["rate"] > 0, "who comes too often is refused")
step(-2 * HOUR)
ok(within(10, lambda: answered(ask())), "and an hour back, not for an hour", status()["refused"])
done()
