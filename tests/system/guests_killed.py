"""See tests/system/guests_killed."""
from bill import *

GUESTS, LASTS = int(os.environ.get("GUESTS") or 4), float(os.environ.get("LASTS") or 12)
SEED = int(os.environ.get("SEED") or 0) or random.SystemRandom().randrange(1, 1 << 31)
dice = random.Random(SEED)
RUN, LODGE = W + "/run", BUILD + "/lodge"


class Real:
    """A guest of the file, with a kernel of its own."""

    def __init__(self, i):
        self.name, self.tap, self.ip, self.uid = "g%d" % i, "tap%d" % (i + 2), "192.168.77.%d" % (i + 2), 770002 + i
        self.lives = [0, 0, 0, 0]

    def status(self):
        return ask_status(RUN + "/guest-%s.sock" % self.name) or {}

    def up(self):
        return self.status().get("state") == "up"

    def kernel(self):
        """The process of its kernel, the reaper's only child."""
        reaper = self.status().get("guest_pid")
        return int(open("/proc/%d/task/%d/children" % (reaper, reaper)).read().split()[0]) if reaper else 0


class Private(Redis):
    def __init__(self):
        self.sock, self.auth = RUN + "/redis/redis.sock", None


def processes():
    """pid → uid and name."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/status"):
        try:
            lines = dict(l.split(":", 1) for l in open(path).read().splitlines() if ":" in l)
            if lines["State"].split()[0] != "Z":
                found[int(path.split("/")[2])] = int(lines["Uid"].split()[0]), lines["Name"].strip()
        except (OSError, KeyError, ValueError):
            pass
    return found


def doubled():
    """Guests with more than one reaper, so with two kernels on one image."""
    uids = [uid for uid, name in processes().values() if name == "lodge-guest" and uid]
    return [uid for uid in uids if uids.count(uid) > 1]


def cgroups():
    return set(glob.glob("/sys/fs/cgroup/**/lodge-guest-g[0-9]*", recursive=True))


def child(name):
    """A program of lodge up's, by name."""
    for pid in open("/proc/%d/task/%d/children" % (up.pid, up.pid)).read().split():
        try:
            if open("/proc/%s/comm" % pid).read().strip() == name:
                return int(pid)
        except OSError:
            pass
    return 0


def victim():
    """Whom to kill now: a process, and what it is."""
    kind = dice.choice(("kernel", "reaper", "launcher", "kernel", "launcher", "daemon"))
    guest = dice.choice(guests)
    daemon = dice.choice(("lodge-natd", "lodge-proxy", "lodge-acct", "redis-server"))
    try:
        if kind == "daemon":
            return child(daemon), daemon
        if kind == "kernel":
            return guest.kernel(), "the kernel of " + guest.name
        return guest.status().get("pid" if kind == "launcher" else "guest_pid", 0), "the %s of %s" % (kind, guest.name)
    except (OSError, IndexError):
        return 0, kind


def yaml():
    with open(W + "/lodge.yaml", "w") as f:
        f.write("network: 192.168.77.0/24\nwan: wan\nstate: %s/state\nrun: %s\nredis: private\nuser: nobody\n"
                "proxy: {http: [8080], tls: [], quic: []}\nguests:\n" % (W, RUN))
        for g in guests:
            f.write("  %s: {address: %s, memory: 32M, disk: {image: %s.img}}\n" % (g.name, g.ip, g.name))


def world():
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "guests", W)
    for key in "all", "default":
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % key, "w") as f:
            f.write("1")
    run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "far")
    os.makedirs(W + "/state")
    run("sh", "-c", "W=%s TOP=$PWD; . tests/system/smallest.sh; make_image %s/state/g0.img" % (W, W))
    for g in guests[1:]:
        run("cp", "--sparse=always", W + "/state/g0.img", W + "/state/%s.img" % g.name)
    yaml()


def pings(guest):
    return subprocess.Popen(["ping", "-q", "-i", "0.02", "-s", str(dice.randrange(100, 1400)), guest.ip], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


print("# SEED=%d, %d guests, %d seconds" % (SEED, GUESTS, LASTS), flush=True)
guests = [Real(i) for i in range(GUESTS)]
world()
before = cgroups()
log = open(W + "/up.log", "w")
up = subprocess.Popen([LODGE, "-c", W + "/lodge.yaml", "up"], stdout=log, stderr=log)
if not within(15 + 3 * GUESTS, lambda: all(g.up() for g in guests)):
    bail("the guests do not come up: " + open(W + "/up.log").read()[-3000:])
redis = Private()
senders = [pings(g) for g in guests]
time.sleep(1)
killed, twice, end = {}, [], time.monotonic() + LASTS
while time.monotonic() < end:
    pid, what = victim()
    if pid > 1:
        try:
            os.kill(pid, signal.SIGKILL)
            killed[what.split(" of ")[0]] = killed.get(what.split(" of ")[0], 0) + 1
        except ProcessLookupError:
            pass
    twice += doubled()
    time.sleep(dice.random() * 1.5)
print("# killed: " + ", ".join("%s %d" % k for k in sorted(killed.items())), flush=True)
ok(sum(killed.values()) > LASTS / 4, "many were killed", killed)
ok(not twice, "never two kernels on one image", twice)
all_up = within(100, lambda: all(g.up() for g in guests))
ok(all_up, "all guests are up in the end", [(g.name, g.status()) for g in guests if not g.up()], open(W + "/up.log").read()[-4000:])
ok(within(70, lambda: ask_status(RUN + "/acct.sock") and ask_status(RUN + "/natd.sock") and ask_status(RUN + "/proxy.sock")), "so are the daemons",
   open(W + "/up.log").read()[-3000:])
heard = [subprocess.run(["ping", "-q", "-c", "2", "-i", "0.2", "-W", "5", g.ip], stdout=subprocess.DEVNULL).returncode == 0 for g in guests]
ok(all(heard), "and they answer", heard)
for s in senders:
    s.kill()
    s.wait()
agree("every byte is accounted for", redis, guests)
ok(all(min(kernel(g)) > 20 for g in guests), "there were some, both ways, for each", [kernel(g) for g in guests])
print("# bytes: %d to the guests, %d from them" % (sum(kernel(g)[2] for g in guests), sum(kernel(g)[0] for g in guests)), flush=True)
up.send_signal(signal.SIGINT)
try:
    status = up.wait(120)
except subprocess.TimeoutExpired:
    up.kill()
    status = "it does not end"
ok(status == 0, "lodge up ends well", status, open(W + "/up.log").read()[-3000:])
left = [(pid, who) for pid, who in processes().items() if who[0] >= 770000 or who[1].startswith(("lodge", "redis-server", "linux"))]
ok(not left, "no process is left", left)
ok(not os.path.exists(RUN), "no socket or folder is left", glob.glob(RUN + "/**", recursive=True))
groups = cgroups() - before
ok(not groups, "no cgroup is left", groups)
if failed:
    print("# again with SEED=%d" % SEED)
done()
