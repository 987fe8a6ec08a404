"""See tests/system/slow_loris."""
from house import *

setup((ALICE, 9080, answer_ok), (ALICE, 9443, answer_echo))
proxy = Proxy(hello="5s")


def measure():
    load = Load(clients=2)
    time.sleep(1.5)
    return load.stop()


n_before, bad, worst_before = measure()
ok(n_before > 50 and not bad, "at peace all are served", bad)
slow, half = [], hello()[:40]
for i in range(2000):
    s = socket.create_connection(("127.0.0.1", TLS if i % 2 else HTTP))
    s.sendall(half if i % 2 else b"GET / HTTP/1.1\r\nHost: alice")
    slow.append(s)
ok(within(3, lambda: status()["open"] >= 2000), "2,000 half-sent hellos are open", status()["open"])
n, bad, worst = measure()
ok(not bad, "meanwhile everybody else is served", bad)
ok(n > n_before / 3 and worst < worst_before + 1, "about as fast as before", "%d of %d, longest %.2f of %.2f s" % (n, n_before, worst, worst_before))
for s in slow[:200]:
    with contextlib.suppress(OSError):
        s.sendall(b"x")
ok(within(10, lambda: status()["open"] == 0), "a byte now and then does not help them: all are ended", status()["open"])
ok(status()["refused"]["slow"] == 2000 and status()["held_bytes"] == 0, "and counted, and their bytes given back", status())
done()
