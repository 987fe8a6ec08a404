"""See tests/system/log_unread."""
import fcntl, re, termios
from house import *

LOST = re.compile(r"^(?:<4>)?lodge-proxy: (\d+) lines of this log were lost, for nobody read it$")
LINE = re.compile(r"^(?:<6>)?lodge-proxy: http client=\S+ name=(?:last\.)?alice.test .* end=done$")


class Unread(Proxy):
    """Its stderr is a pipe or a socket that is read only when this test wants it."""

    def __init__(self, stderr):
        write_conf(workers=2)
        self.p = subprocess.Popen([PROXY, "-c", W + "/lodge.yaml"], stderr=stderr)
        self.pid = self.p.pid
        atexit.register(self.kill)
        if not within(10, lambda: all(w["pid"] for w in status()["workers"])):
            bail("lodge-proxy does not start")


def through_pipe():
    r, w = os.pipe()
    os.set_blocking(r, False)
    return r, w, lambda: os.read(r, 1 << 16)


def through_socket():
    a, b = socket.socketpair()
    a.setblocking(False)
    return a, b, lambda: a.recv(1 << 16)


def read_lines(take, text):
    with contextlib.suppress(BlockingIOError):
        while more := take():
            text += more
    return text.decode().splitlines()


setup()
open(W + "/log", "w").close()
for what, make in (("pipe", through_pipe), ("socket", through_socket)):
    end, stderr, take = make()
    proxy = Unread(stderr)
    asked, bad = 0, []
    while asked < 12000 and not (asked % 100 == 0 and asked and status()["log_lines_lost"] > 500):
        got = ask()
        asked += 1
        if not answered(got):
            bad.append(got)
    ok(not bad, "%s: everybody is answered while nobody reads the log" % what, bad[:3])
    lost = status()["log_lines_lost"]
    ok(lost > 500, "%s: what was not written is counted" % what, (asked, lost))
    ok(proxy.reload(), "%s: a reload, which writes a line, does not wait either" % what)
    old = workers()
    os.kill(old[0], signal.SIGKILL)
    ok(within(5, lambda: len(workers()) == 2 and old[0] not in workers() and all(workers())), "%s: nor does the end of a worker" % what)
    for _ in range(20):
        asked += 1
        bad += [] if answered(ask()) else ["after"]
    ok(not bad, "%s: and there is another one" % what, bad)
    text = bytearray()
    within(10, lambda: any(map(LOST.match, read_lines(take, text))))
    here = lambda: sum(bool(LINE.match(l)) for l in read_lines(take, text)) + status()["log_lines_lost"]
    # A worker that is killed takes along what it held.
    ok(within(10, lambda: asked - 500 <= here() <= asked), "%s: what is read and what is counted as lost is all there was" % what,
       (asked, here()))
    lines = read_lines(take, text)
    told = sum(int(m[1]) for m in map(LOST.match, lines) if m)
    ok(told > 0, "%s: when it is read again, it says how many lines are missing" % what, lines[-3:])
    odd = [l for l in lines if not LINE.match(l) and not LOST.match(l) and "reloaded" not in l and "died" not in l]
    ok(not odd and len(lines) > 100, "%s: every line is whole" % what, odd[:3])
    got = ask(b"last.alice.test")
    ok(answered(got) and within(5, lambda: any("name=last.alice.test" in l for l in read_lines(take, text))),
       "%s: and from then on each comes at once" % what, read_lines(take, text)[-2:])
    proxy.signal(signal.SIGTERM)
    proxy.p.wait()

# --- the last lines, more than a pipe and the workers hold, are waited for a moment ------------------------------------

OPEN = 1200
guest(ALICE, 9443, answer_echo)
for what, make, full in (("pipe", through_pipe, 60000), ("socket", through_socket, 20000)):
    end, stderr, take = make()
    if what == "socket":
        stderr.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
    proxy = Unread(stderr)
    clients = [dial(TLS) for _ in range(OPEN)]
    for c in clients:
        c.sendall(hello())
    for c in clients:
        c.recv(1)
    text = bytearray()
    proxy.signal(signal.SIGTERM)
    os.close(stderr) if what == "pipe" else stderr.close()
    size = lambda: int.from_bytes(fcntl.ioctl(end, termios.FIONREAD, bytes(4)), sys.byteorder)
    within(5, lambda: size() > full)  # nobody reads until no more fits
    while proxy.p.poll() is None:
        read_lines(take, text)
    got = sum("the proxy stops" in l for l in read_lines(take, text))
    ok(got == OPEN, "%s: who is there when the proxy stops has a line, also if it is read late" % what, (got, OPEN))
    for c in clients:
        c.close()
done()
