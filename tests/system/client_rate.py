"""See tests/system/client_rate."""
from house import *


def burst(seconds, host="127.0.0.1"):
    """As many as can be in this time: how many got an answer, how many were closed, how long it took."""
    begin, served, closed = time.time(), 0, 0
    end = begin + seconds
    while time.time() < end:
        try:
            got = ask(to=host)
        except ConnectionResetError:
            got = b""
        served += answered(got)
        closed += got == b""
    return served, closed, time.time() - begin


setup()
subprocess.run(["ip", "addr", "add", "2001:db8:1::1/64", "dev", "lo", "nodad"], check=True)
proxy = Proxy(rate=20, workers=2)
time.sleep(1.2)
served, closed, took = burst(2)
ok(19 + 18 * took <= served <= 22 + 20 * took, "20 a second: a second's worth at once, and then by the time", (served, took))
ok(closed > 20 and status()["refused"]["rate"] == closed, "the others are closed at once, and counted", (closed, status()["refused"]))
lines = log().count(" client=127.")
ok(lines <= served + 5, "not a line for each of them", (lines, served))
ok(burst(0.3, "::1")[0] >= 5, "another client is served meanwhile")
time.sleep(1.1)
ok(answered(ask()), "and the first one after a second")

# a host has its /64 of IPv6 and no more: every address of it pays from one bucket
time.sleep(1.1)
subprocess.run(["ip", "addr", "add", "2001:db8:1::2/64", "dev", "lo", "nodad"], check=True)
n = status()["refused"]["rate"]
got = 0
for i in range(40):
    with socket.socket(socket.AF_INET6) as s:
        s.bind(("2001:db8:1::%d" % (1 + i % 2), 0))
        s.settimeout(5)
        with contextlib.suppress(OSError):
            s.connect(("2001:db8:1::1", HTTP))
            s.sendall(REQUEST % b"alice.test")
            got += answered(drain(s))
ok(20 <= got <= 32 and status()["refused"]["rate"] > n, "an IPv6 /64 is one client", got)
ok(proxy.reload(rate=0), "a reload lifts it")
served, closed, took = burst(0.5)
ok(served > 40 and closed == 0, "no ceiling with 0", (served, closed))
done()
