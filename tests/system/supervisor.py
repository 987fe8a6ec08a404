"""lodge up with programs that only play their parts; see tests/system/supervisor."""
import contextlib, os, shutil, signal, subprocess, sys, tempfile, time

W = tempfile.mkdtemp(prefix="lodge-supervisor-")
LOG, EVENTS = W + "/log", W + "/events"

# Played under all the names: what it does, W/how/NAME says; what happened to it, it writes into W/events.
PLAYER = """#!%(python)s -S
import os, signal, socket, sys, time
W = %(w)r
name = os.path.basename(sys.argv[0])
words = sys.argv[1:]
if "-x" in words:
    name += "-x"
elif "-i" in words:
    name = "image-" + words[-1]
elif name == "lodge-guest":
    name = "guest-" + words[-1]


def how(word):
    try:
        return word in open(W + "/how/" + name).read().split()
    except OSError:
        return False


def say(what):
    with open(W + "/events", "a") as f:
        f.write(name + " " + what + "\\n")


say("start")
if how("fail"):
    sys.exit(1)
if how("input"):
    sys.exit(2)
if name == "lodge-natd-x":
    sys.exit(0)
if how("slow"):
    time.sleep(0.6)
if how("deaf"):  # not yet listening to any signal
    time.sleep(1.2)
signal.signal(signal.SIGHUP, lambda *_: say("hup"))
signal.signal(signal.SIGTERM, lambda *_: (say("term"), time.sleep(1.0 if how("lazy") else 0), say("end"), os._exit(0)))
if name.startswith("image-"):
    time.sleep(1.5)
    say("made")
    sys.exit(0)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while True:
    signal.pause()
"""

YAML = """
network: 10.77.0.0/24
state: %(w)s/state
run: %(w)s/%(run)s
redis: unix:%(w)s/redis.sock
guests:
"""

count, failed = 0, 0


def ok(what, title, note=""):
    global count, failed
    count += 1
    failed += not what
    print("%sok %d - %s" % ("" if what else "not ", count, title), flush=True)
    if note and not what:
        print("# " + str(note)[-2000:].replace("\n", "\n# "), flush=True)


def conf(*guests, run="run", more=""):
    """A guest's name with a + has an image that must be made."""
    with open(W + "/lodge.yaml", "w") as f:
        f.write(YAML % dict(w=W, run=run))
        for i, g in enumerate(guests):
            f.write("  %s:\n    address: 10.77.0.%d\n" % (g.strip("+"), i + 2))
            f.write("    disk: {image: %s.img, size: 1G%s}\n" % (g.strip("+"), ", from: small" if "+" in g else ""))
        f.write(more)


def how(name, words=""):
    with open(W + "/how/" + name, "w") as f:
        f.write(words)


def events(*of):
    with contextlib.suppress(OSError):
        return [l for l in open(EVENTS).read().splitlines() if not of or l.split()[0] in of]
    return []


def log():
    return open(LOG).read()


def within(seconds, test):
    end = time.time() + 4 * seconds  # on a busy machine, which costs only what fails
    while time.time() < end:
        if test():
            return True
        time.sleep(0.02)
    return False


class Up:
    def __init__(self, *guests, stderr=None, wait=True):
        for f in (EVENTS, LOG):
            with contextlib.suppress(OSError):
                os.unlink(f)
        conf(*guests)
        self.p = subprocess.Popen([W + "/bin/lodge", "-c", W + "/lodge.yaml", "-d", "up"],
                                  stderr=stderr or open(LOG, "w"), start_new_session=True)
        if wait:
            ok(within(10, lambda: "up: %d of %d guests" % (len(guests), len(guests)) in log()), "comes up", log())

    def reload(self, *guests, **others):
        n = log().count("lodge: reload")
        if guests or others:
            conf(*guests, **others)
        self.p.send_signal(signal.SIGHUP)
        return within(5, lambda: log().count("lodge: reload") > n)

    def end(self, status=0, how=signal.SIGINT):
        with contextlib.suppress(ProcessLookupError):
            self.p.send_signal(how)
        try:
            got = self.p.wait(10)
        except subprocess.TimeoutExpired:
            self.p.kill()
            got = "does not end"
        ok(got == status, "ends with %s" % status, "%s\n%s" % (got, log() if os.path.exists(LOG) else ""))
        return got


tests = []


def test(f):
    tests.append(f)
    return f


@test
def up_and_down():
    up = Up("alice", "bob")
    first = events()
    ok(first[0] == "lodge-natd start" and "guest-alice start" in first and "lodge-natd-x start" not in first,
       "natd first, then the others", first)
    how("guest-bob", "lazy")
    up.end()
    e = events()
    ok(e.index("guest-bob end") < e.index("lodge-natd term") < e.index("lodge-natd-x start") < e.index("lodge-acct term"),
       "guests, natd, what it made, acct", e)
    how("guest-bob")


@test
def reloads():
    up = Up("alice", "bob")
    up.reload("alice", "bob", "carol")
    ok(within(3, lambda: "guest-carol start" in events() and "lodge-proxy hup" in events()), "a new guest is started", events())
    how("guest-bob", "lazy")
    up.reload("alice", "carol")
    within(3, lambda: events("guest-alice").count("guest-alice hup") == 2)
    e = events()
    ok(events("guest-bob")[-1] == "guest-bob end" and events("guest-alice").count("guest-alice hup") == 2 and
       e.index("guest-bob end") < len(e) - 1 - e[::-1].index("guest-alice hup"),
       "one that is gone ends before the others read the file", e)
    # again and again while somebody is still ending
    how("guest-carol", "lazy")
    n = log().count("reloaded:")
    conf("alice")
    up.p.send_signal(signal.SIGHUP)
    within(3, lambda: "guest-carol term" in events())
    conf("alice", "carol", "dora")
    for _ in range(20):
        up.p.send_signal(signal.SIGHUP)
    ok(within(5, lambda: log().count("reloaded:") == n + 2 and events("guest-dora")), "a reload while one waits is done after it", log())
    ok(within(3, lambda: events("guest-carol")[-1] == "guest-carol start"), "and a guest that was being removed comes back", events())
    up.reload("alice", "carol", "dora", run="elsewhere")
    ok("reload refused: run: changed" in log(), "the run directory cannot change under way")
    with open(W + "/lodge.yaml", "a") as f:
        f.write("nonsense: 1\n")
    up.reload()
    ok("reload refused: " + W + "/lodge.yaml:" in log(), "a mistake is refused with its place")
    how("guest-bob"), how("guest-carol")
    up.end()


@test
def reload_removes_one_that_fails():
    how("guest-bob", "fail")
    up = Up("alice", "bob", wait=False)
    within(5, lambda: len(events("guest-bob")) >= 2)
    up.reload("alice")
    ok(up.p.poll() is None and "reloaded: 1 guest" in log(), "a guest that waits to be started again is taken away", log())
    n = len(events("guest-bob"))
    time.sleep(2.5)
    ok(len(events("guest-bob")) == n, "and is not started again", events())
    how("guest-bob")
    up.end()


@test
def reload_before_ready():
    how("lodge-natd", "deaf")
    up = Up("alice", wait=False)
    within(3, lambda: events("lodge-natd"))
    up.reload("alice", "bob")
    ok(within(5, lambda: "up: 2 of 2 guests" in log()), "a SIGHUP before a program listens does not end it", log())
    ok(within(2, lambda: "lodge-natd hup" in events()), "and reaches it when it is ready", events())
    how("lodge-natd")
    up.end()


@test
def images():
    up = Up("alice")
    up.reload("alice", "bob+")
    within(3, lambda: "image-bob start" in events())
    up.reload("alice", "bob+", "carol+")
    time.sleep(0.3)
    ok("image-carol start" not in events(), "images are made one by one, over reloads, too", events())
    up.reload("alice", "carol+")
    ok("image-bob end" in events(), "the making of an image ends when its guest is gone", events())
    up.reload("alice", "bob+", "carol+")
    ok(within(8, lambda: "image-bob made" in events() and "image-carol made" in events()), "and begins again with it", events())
    e = events()
    ok(e.count("image-bob start") == 2, "once", e)
    ok(within(3, lambda: "guest-bob start" in events() and "guest-carol start" in events()), "then come the guests", events())
    up.end()


@test
def failures():
    how("lodge-proxy", "input")
    up = Up("alice", wait=False)
    ok(up.p.wait(10) == 2, "a program that refuses its input on the way up: exit 2", log())
    ok("lodge-natd-x start" in events() and events("lodge-natd")[-1] == "lodge-natd end", "everything is taken down", events())
    how("lodge-proxy", "fail")
    up = Up("alice", wait=False)
    ok(up.p.wait(10) == 1, "one that the system refuses: exit 1", log())
    how("lodge-proxy")
    # once it was ready, it is only started again
    up = Up("alice")
    how("lodge-proxy", "fail")
    os.kill(int(log().split("lodge-proxy: started as ")[1].split()[0]), signal.SIGKILL)
    ok(within(5, lambda: len(events("lodge-proxy")) >= 3), "a program that dies is started again", events())
    ok(up.p.poll() is None and "guest-alice term" not in events(), "and when that fails the guests live on", log())
    how("lodge-proxy")
    ok(within(8, lambda: log().count("lodge-proxy is ready") == 2), "until it comes back", log())
    up.end()


@test
def ends_at_any_moment():
    slow = []
    for i in range(30):
        up = Up("alice", wait=False)
        time.sleep(0.03 + i * 0.004)
        t = time.time()
        up.p.send_signal(signal.SIGTERM)
        try:
            status = up.p.wait(8)
        except subprocess.TimeoutExpired:
            up.p.kill()
            status = "late"
        if status not in (0, -signal.SIGTERM) or time.time() - t > 3:
            slow.append((i, status, time.time() - t))
    ok(not slow, "SIGTERM at any moment of the start ends it", "%s\n%s" % (slow, log()))


@test
def reader_gone():
    r, w = os.pipe()
    up = Up("alice", stderr=w, wait=False)
    os.close(w)
    within(5, lambda: events("lodge-acct"))
    time.sleep(0.3)
    os.close(r)
    up.end()
    ok("lodge-natd-x start" in events(), "whoever read the words may go first: all is taken down", events())


os.chmod(W, 0o755)
os.mkdir(W + "/bin"), os.mkdir(W + "/how")
shutil.copy(os.environ["LODGE_BUILD"] + "/lodge", W + "/bin/lodge")
with open(W + "/bin/lodge-natd", "w") as f:
    f.write(PLAYER % dict(python=sys.executable, w=W))
os.chmod(W + "/bin/lodge-natd", 0o755)
for name in ("proxy", "acct", "guest"):
    shutil.copy(W + "/bin/lodge-natd", W + "/bin/lodge-" + name)
try:
    for t in tests:
        if sys.argv[1:] and t.__name__ not in sys.argv[1:]:
            continue
        try:
            t()
        except Exception:
            import traceback
            ok(False, t.__name__ + " does not run to its end", traceback.format_exc())
finally:
    shutil.rmtree(W, ignore_errors=True)
print("1..%d" % count)
sys.exit(failed > 0)
