"""See tests/system/many_idle."""
from house import *
import select

N = 10000


def own_bytes(pids):
    """What is in memory for these processes alone, and their part of what they share."""
    kib = 0
    for pid in pids:
        for line in open("/proc/%d/smaps_rollup" % pid):
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return kib * 1024


def echo_many(address, port):
    """An echo in one process without a thread a connection."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(4096)
    if (pid := os.fork()) > 0:
        s.close()
        atexit.register(end_child, pid, os.getpid())
        return
    poll, open_ = select.epoll(), {}
    poll.register(s, select.EPOLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == s.fileno():
                c = s.accept()[0]
                open_[c.fileno()] = c
                poll.register(c, select.EPOLLIN)
            else:
                with contextlib.suppress(OSError):
                    if got := open_[fd].recv(65536):
                        open_[fd].sendall(got)
                        continue
                poll.unregister(fd)
                open_.pop(fd).close()


def idle(n):
    """Streams to alice that have said hello."""
    out = []
    for i in range(0, n, 100):
        some = [dial(TLS) for _ in range(100)]
        for s in some:
            s.sendall(hello())
        for s in some:
            s.recv(65536)
        out += some
    return out


setup((ALICE, 9080, answer_ok))
echo_many(ALICE, 9443)
proxy = Proxy()
first = idle(500)  # so that what grows once has grown
pids = workers()
before = own_bytes(pids)
many = idle(N)
ok(status()["open"] == N + 500, "%d idle connections are open" % N, status()["open"])
each = (own_bytes(pids) - before) / N
print("# %d bytes each" % each)
ok(each <= 1200, "each costs about a kilobyte of the proxy's own memory at most", "%d bytes" % each)
begin = cpu_seconds(pids)
time.sleep(2)
ok(cpu_seconds(pids) - begin <= 0.1, "and no time", cpu_seconds(pids) - begin)
ok(answered(ask()), "somebody new is served")
many[N // 2].sendall(b"hello")
ok(many[N // 2].recv(10) == b"hello", "and any of them when it speaks")
for s in many + first:
    s.close()
ok(within(8, lambda: status()["open"] == 0), "all are gone after they end", status()["open"])
done()
