"""What the tests of the bill share: taps with guests behind them, their traffic, lodge-acct, redis, and the kernel's counters
by which redis is judged."""
import glob, json, mmap, os, random, select, shutil, signal, socket, struct, subprocess, sys, threading, time, traceback

BUILD = os.environ["LODGE_BUILD"]
W = "/mnt"
TOTALS = ("from_guest", "packets_from_guest", "to_guest", "packets_to_guest")
QUIET, STEADY, FLOOD = 0, 1, 2
tests = failed = 0


def ok(good, title, *facts):
    global tests, failed
    tests += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", tests, title), flush=True)
    if not good:
        for fact in facts:
            print("# " + str(fact).replace("\n", "\n# "), flush=True)
    return good


def done():
    print("1..%d" % tests)
    sys.exit(failed > 0)


def bail(why):
    """See tests/system/house.py."""
    ok(False, "it cannot go on", why)
    print("1..%d" % tests)
    sys.exit(1)


def within(seconds, true):
    """Four times that on a busy machine, which costs only what fails."""
    end = time.monotonic() + 4 * seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def ask_status(path):
    """What the program behind this socket says of itself, or None."""
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(path)
            s.sendall(b"status\n")
            data = b""
            while part := s.recv(1 << 16):
                data += part
        return json.loads(data)
    except (OSError, ValueError):
        return None


def run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


# --- guests and their traffic ---------------------------------------------------------------------------------------------


def play(part):
    """In a process of its own, which ends with it."""
    try:
        part()
    except BaseException:
        traceback.print_exc()
    os._exit(1)


class Guest:
    """A guest of that name at 192.168.77.N behind tapN, played by a process of its own."""

    def __init__(self, name, number):
        self.name, self.number, self.tap, self.ip = name, number, "tap%d" % number, "192.168.77.%d" % number
        self.mac = bytes((2, 0, 0xc0, 0xa8, 0x4d, number))
        self.pid = 0
        self.lives = [0, 0, 0, 0]  # what taps of that name that are gone had counted
        self.make_tap()

    def make_tap(self):
        run("ip", "tuntap", "add", self.tap, "mode", "tap")
        run("ip", "addr", "add", "192.168.77.1/32", "dev", self.tap)
        run("ip", "link", "set", self.tap, "up")
        run("ip", "route", "replace", self.ip + "/32", "dev", self.tap)
        run("ip", "neigh", "replace", self.ip, "dev", self.tap, "nud", "permanent", "lladdr", self.mac.hex(":"))
        self.boot()

    def boot(self):
        self.pid = os.fork()
        if self.pid == 0:
            play(self.live)
        within(5, lambda: "LOWER_UP" in run("ip", "link", "show", self.tap))

    def halt(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def reboot(self):
        self.halt()
        self.boot()

    def delete_tap(self):
        """Under traffic: what it had counted in the end is what the kernel says when it goes."""
        self.halt()
        n = len(ends[self.tap])
        run("ip", "link", "del", self.tap)
        if not within(5, lambda: len(ends[self.tap]) > n):
            bail("the kernel did not tell of the end of " + self.tap)
        self.lives = [a + b for a, b in zip(self.lives, ends[self.tap][-1])]

    def live(self):
        """Reads what there is; writes frames to the outside, the host and a neighbour."""
        tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        import fcntl
        fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", self.tap.encode(), 0x1002))
        host = bytes.fromhex(run("ip", "-o", "link", "show", self.tap).split("link/ether ")[1].split()[0].replace(":", ""))
        frames = []
        for i in range(64):
            size = random.randrange(18, 1400)
            to = random.choice(("198.51.100.9", "192.168.77.1", "192.168.77.77"))
            udp = struct.pack("!HHHH", 4000 + i, 9, 8 + size, 0) + bytes(size)
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(self.ip), socket.inet_aton(to))
            total = sum(struct.unpack("!10H", ip))
            total = ~((total & 0xffff) + (total >> 16)) & 0xffff
            frames.append(host + self.mac + b"\x08\x00" + ip[:10] + struct.pack("!H", total) + ip[12:] + udp)
        while True:
            select.select([tap], [], [], 0.01 if pace[0] != FLOOD else 0)
            try:
                for _ in range(500):
                    os.read(tap, 2048)
            except BlockingIOError:
                pass
            for frame in random.sample(frames, (0, 10, 64)[pace[0]]):
                try:
                    os.write(tap, frame)
                except OSError:
                    pass


def outside(guests):
    """Somebody who sends to all guests."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        if pace[0] == QUIET:
            time.sleep(0.01)
            continue
        for guest in guests:
            for _ in range(random.randrange(10)):
                try:
                    s.sendto(bytes(random.randrange(1400)), (guest.ip, 9))
                except OSError:
                    pass
        time.sleep(0.01)


pace = mmap.mmap(-1, 1)


class Ends(dict):
    """The counters with which interfaces ended, by name; read from the kernel by this test itself."""

    def __missing__(self, name):
        return self.setdefault(name, [])

    def listen(self):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((0, 1))  # RTMGRP_LINK
        threading.Thread(target=self.read, args=(s,), daemon=True).start()

    def read(self, s):
        while True:
            data = s.recv(1 << 16)
            while len(data) >= 16:
                length, kind = struct.unpack_from("IH", data)
                if kind == 17:  # RTM_DELLINK
                    self.take(data[32:length])
                data = data[(length + 3) & ~3:]

    def take(self, attributes):
        name = stats = None
        while len(attributes) >= 4:
            length, kind = struct.unpack_from("HH", attributes)
            if kind == 3:
                name = attributes[4:length].rstrip(b"\0").decode()
            elif kind == 23:  # IFLA_STATS64: packets and bytes received, then sent, in turn
                rx_packets, tx_packets, rx_bytes, tx_bytes = struct.unpack_from("4Q", attributes, 4)
                stats = [rx_bytes, rx_packets, tx_bytes, tx_packets]
            attributes = attributes[(length + 3) & ~3:]
        if name and stats:
            self[name].append(stats)


ends = Ends()


def kernel(guest):
    """The four totals of all lives of a guest's tap."""
    for line in open("/proc/net/dev"):
        name, _, rest = line.partition(":")
        if name.strip() == guest.tap:
            v = [int(x) for x in rest.split()]
            return [a + b for a, b in zip(guest.lives, (v[0], v[1], v[8], v[9]))]
    return guest.lives


# --- programs ------------------------------------------------------------------------------------------------------------


def answer(f):
    """What a server says, as text, number, None or a list of them."""
    line = f.readline().decode().rstrip("\r\n")
    kind, rest = line[:1], line[1:]
    if kind == "*":
        return [answer(f) for _ in range(int(rest))]
    if kind == "$":
        return None if rest == "-1" else f.read(int(rest) + 2)[:-2].decode()
    return int(rest or "x") if kind == ":" or not kind else rest


class Redis:
    """A server with everysec AOF in a folder of its own, on a socket or a port."""

    def __init__(self, name, *options, port=0):
        self.dir, self.port, self.options = W + "/" + name, port, options
        self.sock = self.dir + "/redis.sock"
        self.auth = None  # user and password
        os.makedirs(self.dir)
        self.start()

    def start(self):
        with open(self.dir + "/log", "a") as log:
            self.p = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.sock, "--unixsocketperm", "777",
                 "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--dir", self.dir, *self.options], stdout=log, stderr=log)
        if not within(10, lambda: "PONG" in self.ask("PING") or "NOAUTH" in self.ask("PING")):
            bail("redis-server does not start: " + open(self.dir + "/log").read()[-2000:])

    def ask(self, *words, asking=False, auth=None):
        """The answer; an error as its text. asking: of a key that is on its way here."""
        auth = auth or self.auth
        first = ([("AUTH", *auth)] if auth else []) + ([("ASKING",)] if asking else [])
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.settimeout(30)
                s.connect(self.sock)
                with s.makefile("rb") as f:
                    for command in (*first, words):
                        command = [str(word).encode() for word in command]
                        s.sendall(b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in command))
                        got = answer(f)
                        if command[0] == b"AUTH" and got != "OK":
                            break
                    return got
            except (OSError, ValueError) as e:
                return "no answer: %s" % e

    def hash(self, key):
        words = self.ask("HGETALL", key)
        return dict(zip(words[::2], words[1::2])) if isinstance(words, list) else {}

    def keys(self, pattern):
        keys = self.ask("KEYS", pattern)
        return keys if isinstance(keys, list) else []

    def kill(self):
        self.p.kill()
        self.p.wait()

    def cut(self, bytes):
        """The tail that a crash of the machine would have taken."""
        for path in glob.glob(self.dir + "/appendonlydir/*.incr.aof"):
            os.truncate(path, max(0, os.path.getsize(path) - bytes))

    def empty(self):
        shutil.rmtree(self.dir + "/appendonlydir", ignore_errors=True)


class Acct:
    def __init__(self, redis, guests, host="one", clock=None):
        self.dir = W + "/" + host
        self.step = clock
        self.yaml = self.conf(redis, guests, host)
        self.state = self.dir + "/state"
        run("mount", "-t", "tmpfs", "-o", "mode=0755,size=1m", "state", self.state)
        self.start()

    @staticmethod
    def conf(redis, guests, host):
        """A file in a folder of the host's."""
        path = W + "/" + host
        os.makedirs(path + "/state")
        with open(path + "/lodge.yaml", "w") as f:
            f.write("network: 192.168.77.0/24\nwan: wan\nstate: %s/state\nrun: %s/run\nredis: %s\nuser: nobody\nhost: %s\n"
                    "billing: {count: wire, scope: wan, direction: both, day: 1}\nguests:\n" % (path, path, redis, host))
            for guest in guests:
                f.write("  %s: {address: %s}\n" % (guest.name, guest.ip))
        return path + "/lodge.yaml"

    def start(self):
        env = dict(os.environ)
        if self.step:
            env.update(LD_PRELOAD=W + "/step.so", CLOCK_STEP=self.step)
        with open(self.dir + "/log", "a") as log:
            self.p = subprocess.Popen([BUILD + "/lodge-acct", "-c", self.yaml], stdout=log, stderr=log, env=env)
        if not within(10, lambda: self.status()):
            bail("lodge-acct does not start: " + self.log()[-2000:])

    def status(self):
        return ask_status(self.dir + "/run/acct.sock")

    def log(self):
        return open(self.dir + "/log").read()

    def kill(self):
        self.p.kill()
        self.p.wait()

    def stop(self):
        self.p.terminate()
        return self.p.wait()

    def signal(self, number):
        self.p.send_signal(number)


# --- redis against the kernel ----------------------------------------------------------------------------------------------


def faults(redis, guest, times=1, ask=None):
    """What is wrong with a guest's keys; nothing when they hold the kernel's numbers, so many times, everywhere."""
    read = ask or redis.hash
    cur = read("lodge:{%s}:cur" % guest.name)
    want = [times * n for n in kernel(guest)]
    have = [int(cur.get(field, 0)) for field in TOTALS]
    wrong = [] if have == want else ["%s: redis %s, kernel %s" % (guest.name, have, want)]
    for d in "to_guest", "from_guest":
        parts = [int(cur.get(c + d, 0)) for c in ("wan_", "host_", "guests_", "unclassified_")]
        if sum(parts) != int(cur.get(d, 0)):
            wrong.append("%s: classes of %s %s" % (guest.name, d, parts))
    return wrong


def slot_faults(redis, guest):
    """Periods, days, hours and five minutes each add up to the totals, and the guest is listed."""
    cur, wrong = redis.hash("lodge:{%s}:cur" % guest.name), []
    want = [int(cur.get(f, 0)) for f in ("to_guest", "from_guest", "wire_to_guest", "wire_from_guest", "billed")]
    want.append(int(cur.get("unclassified_to_guest", 0)) + int(cur.get("unclassified_from_guest", 0)))
    for kind in "d", "h", "5m":
        have = [0] * 6
        for key in redis.keys("lodge:{%s}:%s:*" % (guest.name, kind)):
            for six in redis.hash(key).values():
                have = [a + int(b) for a, b in zip(have, six.split())]
        if have != want:
            wrong.append("%s: %s: %s, cur %s" % (guest.name, kind, have, want))
    for field in "to_guest", "from_guest", "billed":
        n = sum(int(redis.hash(key)[field]) for key in redis.keys("lodge:{%s}:m:*" % guest.name))
        if n != int(cur.get(field, 0)):
            wrong.append("%s: m: %s %d, cur %s" % (guest.name, field, n, cur.get(field)))
    meta = redis.hash("lodge:{%s}:meta" % guest.name)
    if redis.ask("SISMEMBER", "lodge:guests", guest.name) != 1 or meta.get("tap") != guest.tap:
        wrong.append("%s: is not listed, or has no tap: %s" % (guest.name, meta))
    return wrong


def everything(redis, guests):
    return [w for guest in guests for w in faults(redis, guest) + slot_faults(redis, guest)]


def agree(title, redis, guests, *accts, check=None):
    """In quiet, which comes within seconds, redis holds what the kernel counted."""
    check = check or (lambda: everything(redis, guests))
    pace[0] = QUIET
    within(10, lambda: not check())
    wrong = check()
    return ok(not wrong, title, *wrong, *(a.log()[-1500:] for a in accts if wrong))


def traffic(seconds, kind=STEADY):
    pace[0] = kind
    time.sleep(seconds)


def begin(*names):
    """Guests of these names, with somebody who sends to them."""
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "bill", W)
    for key in "all", "default":
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % key, "w") as f:
            f.write("1")
    run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "far")
    ends.listen()
    guests = [Guest(name, 2 + i) for i, name in enumerate(names)]
    if os.fork() == 0:
        play(lambda: outside(guests))
    return guests
