"""See tests/system/proxy_upgrade."""
from house import *
import hashlib

setup((ALICE, 9080, answer_ok), (ALICE, 9443, answer_echo))
BINARY = W + "/lodge-proxy"
shutil.copy(PROXY, BINARY)
proxy = Proxy(BINARY, http="[8080]", drain="60s")


def upgrade():
    had, n = set(workers()), status()["upgrades"]
    proxy.signal(signal.SIGUSR2)
    return had, within(30, lambda: status()["upgrades"] > n and len(set(workers()) - had - {0}) == len(workers()))


def stream():
    s = dial(TLS)
    s.sendall(hello())
    assert s.recv(65536) == hello()
    return s


def send(s, bytes_):
    s.sendall(bytes_)
    got = b""
    while len(got) < len(bytes_):
        more = s.recv(65536)
        if not more:
            return False
        got += more
    return got == bytes_


load = Load(clients=6)
s = stream()
had, done_ = upgrade()
ok(done_ and proxy.p.poll() is None and status()["pid"] == proxy.pid, "new workers in the same process", log())
ok(all(map(alive, had)) or len(status()["old_workers"]) >= 1, "who has a stream open lives on", status())
ok(status()["open"] >= 1, "and its connection counts", status()["open"])
ok(send(s, os.urandom(100000)), "a stream that was open goes on")
for _ in range(4):
    time.sleep(0.3)
    done_ = upgrade()[1] and done_
ok(done_, "five upgrades one after the other")
ok(send(s, os.urandom(100000)), "the same stream still", log()[-300:])
s.shutdown(socket.SHUT_WR)
ok(drain(s) == b"", "and ends in order")
ok(within(15, lambda: not status()["old_workers"]), "then the old workers are gone", status()["old_workers"])

# more and fewer workers, a port more and a port less
write_conf(workers=4, http="[8080, 8081]", drain="60s")
upgrade()
ok(len(workers()) == 4 and all(answered(ask(port=8081)) for _ in range(20)), "more workers, and a new port", log())
write_conf(workers=1, http="[8080]", drain="60s")
upgrade()
within(15, lambda: not status()["old_workers"])
ok(len(workers()) == 1 and all(answered(ask(timeout=2)) for _ in range(60)), "one worker reads all the sockets of four")
try:
    ask(port=8081)
    refused = False
except ConnectionRefusedError:
    refused = True
ok(refused, "a port that is no longer named is closed")
n, bad, worst = load.stop()
ok(n > 200 and not bad, "of %d connections meanwhile none failed" % n, bad)
ok(status()["refused"]["files"] == 0 and status()["accepted"] > n, "what was counted is kept", status()["accepted"])

# the deadline
write_conf(workers=1, drain="1s")
upgrade()
within(15, lambda: not status()["old_workers"])
s = stream()
began = time.time()
upgrade()
try:
    got = s.recv(10)
except ConnectionResetError:
    got = b"reset"
ok(got in (b"", b"reset") and 0.5 < time.time() - began < 14, "what does not end is ended at the deadline", time.time() - began)
ok(within(15, lambda: not status()["old_workers"]), "and its worker")

# a program that is no good, and a file that is no good
n = status()["upgrades"]
pids = workers()
os.unlink(BINARY)
with open(BINARY, "w") as f:
    f.write("#!/bin/sh\necho broken >&2\nexit 3\n")
os.chmod(BINARY, 0o755)
proxy.signal(signal.SIGUSR2)
ok(within(20, lambda: "upgrade refused: " in log()), "a program that fails its check is refused")
ok(workers() == pids and answered(ask()) and "exit 3: broken" in log(), "with a line, and nothing changes", log())
os.unlink(BINARY)
proxy.signal(signal.SIGUSR2)
ok(within(20, lambda: log().count("upgrade refused: ") == 2) and answered(ask()), "so is one that is not there", log())
shutil.copy(PROXY, BINARY + ".new")
os.rename(BINARY + ".new", BINARY)
with open(W + "/lodge.yaml", "a") as f:
    f.write("nonsense: 1\n")
proxy.signal(signal.SIGUSR2)
ok(within(20, lambda: log().count("upgrade refused: ") == 3 and "nonsense" in log()) and answered(ask()), "so is a file with a mistake", log())
ok(workers() == pids and status()["upgrades"] == n, "all that changed nothing")

# a worker that has just been started and still holds all that the supervisor has, its control socket too
proxy.signal(signal.SIGTERM)
proxy.p.wait(20)
slow = Proxy(run=["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=close_range", "-e", "inject=close_range:delay_enter=2000000",
                  BINARY, "-c", W + "/lodge.yaml"])
pid = status()["pid"]
os.kill(workers()[0], signal.SIGKILL)
within(20, lambda: status()["workers_replaced"] == 1 and 0 not in workers())
os.kill(pid, signal.SIGUSR2)
ok(within(30, lambda: status()["upgrades"] == 1 and answered(ask())) and status()["pid"] == pid,
   "an upgrade at the moment when a worker starts", log())
os.kill(pid, signal.SIGTERM)
slow.p.wait(20)
proxy = Proxy(BINARY)

# words for the new program that it does not understand
write_conf()
p = subprocess.Popen([PROXY, "-n", "-c", W + "/lodge.yaml"], env={**os.environ, "LODGE_PROXY_HANDOVER": "7 nonsense"}, stdout=subprocess.DEVNULL)
ok(p.wait(5) == 0, "nonsense in the environment does not stop it")
with open(BINARY + ".new", "w") as f:
    f.write('#!/bin/sh\n[ -z "$LODGE_PROXY_HANDOVER" ] || export LODGE_PROXY_HANDOVER="7 nonsense"\nexec %s "$@"\n' % PROXY)
os.chmod(BINARY + ".new", 0o755)
os.rename(BINARY + ".new", BINARY)
had = workers()
proxy.signal(signal.SIGUSR2)
ok(within(10, lambda: not any(map(alive, had))), "a program of another kind ends the old workers", log())
ok(within(10, lambda: answered(ask())) and proxy.p.poll() is None, "and begins anew", log())
ok(within(10, lambda: len(workers()) == len(had) and all(workers())) and "not understood" in log(), "and says so", log())
proxy.signal(signal.SIGTERM)
ok(proxy.p.wait(5) == 0, "SIGTERM ends it with 0")
done()
