"""See tests/system/fd_limit."""
from house import *
import select


def limit(n):
    for pid in workers():  # as the workers' own user, who needs no privilege for that
        subprocess.run(["prlimit", "--pid", str(pid), "--nofile=%d:" % n], user=65534, group=65534, extra_groups=[], check=True)


def flood(seconds, a_second):
    """Dials at this pace and waits for nothing: how many there were, how many were closed by the proxy within it."""
    open_, n, closed, begin = [], 0, 0, time.time()
    while time.time() - begin < seconds:
        while n < (time.time() - begin) * a_second:
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", HTTP))
            open_.append((s, False))
            n += 1
        time.sleep(0.01)
        for i, (s, sent) in enumerate(open_):
            with contextlib.suppress(OSError):
                if not sent:
                    s.send(b"GET / HT")
                    open_[i] = (s, True)
    time.sleep(0.5)
    for s, _ in open_:
        try:
            closed += s.recv(100) == b""
        except BlockingIOError:
            pass
        except OSError:
            closed += 1
    return n, closed, [s for s, _ in open_]


setup((ALICE, 9080, answer_ok), (ALICE, 9443, answer_echo))
proxy = Proxy(files=1024, hello="30s")
hold = [dial(TLS) for _ in range(20)]
for s in hold:
    s.sendall(hello())
    s.recv(65536)
used = max(len(os.listdir("/proc/%d/fd" % pid)) for pid in workers())
limit(used + 6)
pids = workers()
begin = cpu_seconds(pids)
n, closed, socks = flood(3, 150)
spent = cpu_seconds(pids) - begin
ok(n > 300 and closed > n * 0.8, "who finds no room is closed and not left to wait", (n, closed))
ok(status()["refused"]["files"] > 0 and status()["accept_stalls"] > 0, "and counted", status()["refused"])
ok(spent < 0.6, "it costs little", "%.2f s of 3.5" % spent)
begin = cpu_seconds(pids)
time.sleep(1)
ok(cpu_seconds(pids) - begin < 0.1, "and nothing when nobody comes", cpu_seconds(pids) - begin)
well = True
for s in hold:
    s.sendall(b"still here")
    well = well and s.recv(100) == b"still here"
ok(well, "who was there before goes on")
lines = len(log().splitlines())
ok(lines < 200, "the log does not count them", lines)
for s in socks:
    s.close()
ok(within(2, lambda: answered(ask(timeout=2))), "with room again the next one is served at once")
limit(1024)
ok(all(answered(ask()) for _ in range(50)), "and all of them when there are descriptors")

# by the ceiling that the limit of open files sets at the start
proxy.kill()
proxy = Proxy(files=256, workers=1, hello="30s")
socks = [dial() for _ in range(300)]
for s in socks:
    with contextlib.suppress(OSError):
        s.send(b"GET / HT")
ok(within(20, lambda: status()["refused"]["files"] > 200), "beyond what 256 descriptors allow it refuses", status()["refused"])
ok(status()["refused"]["total"] == 0 and status()["accept_stalls"] == 0, "by that name, and before the system has to", status()["refused"])
for s in socks:
    s.close()
ok(within(5, lambda: answered(ask(timeout=2))), "and serves again")
done()
