"""What the system tests of the proxy share: a proxy with its file, guests that answer, clients, TAP."""
import atexit, contextlib, json, os, resource, select, shutil, signal, socket, subprocess, sys, tempfile, threading, time

W = tempfile.mkdtemp(prefix="lodge-proxy-")
os.chmod(W, 0o755)
PROXY = os.environ["LODGE_BUILD"] + "/lodge-proxy"
HTTP, TLS = 8080, 8443
ALICE, BOB, DORA = "10.77.0.2", "10.77.0.3", "10.77.0.9"

YAML = """
network: 10.77.0.0/24
state: %(w)s
run: %(w)s/run
user: nobody
proxy:
  http: %(http)s
  tls: %(tls)s
  quic: %(quic)s
  client-address: none
  workers: %(workers)s
  per-client: %(per_client)s
  per-client-rate: %(rate)s
  per-guest: 0
  timeouts: {hello: %(hello)s, connect: 2s, idle: 60s, drain: %(drain)s}
guests:
  alice:
    address: 10.77.0.2
    domains: [%(alice)s%(more)s]
    proxy-to: {http: 9080, tls: 9443, quic: 9444}
  bob:
    address: 10.77.0.3
    domains: [%(bob)s]
    proxy-to: {http: 9080, tls: 9443, quic: 9444}
  dora:
    address: 10.77.0.9
    domains: [dora.test]
    proxy-to: {http: 9080, tls: 9443}
"""
DEFAULTS = dict(w=W, http="[8080]", tls="[8443]", quic="[]", workers=2, per_client=0, rate=0, hello="5s", drain="5s", more="",
                alice=".alice.test", bob=".bob.test")

# A ClientHello for alice.test and nothing else in it, so that a guest of ours can take it as data.
def hello(name=b"alice.test"):
    sni = b"\0" + len(name).to_bytes(2, "big") + name
    sni = len(sni).to_bytes(2, "big") + sni
    extensions = b"\0\0" + len(sni).to_bytes(2, "big") + sni
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" + len(extensions).to_bytes(2, "big") + extensions
    return b"\x16\x03\x01" + (len(body) + 4).to_bytes(2, "big") + b"\x01" + len(body).to_bytes(3, "big") + body


def write_conf(**keys):
    with open(W + "/new.yaml", "w") as f:
        f.write(YAML % {**DEFAULTS, **keys})
    os.rename(W + "/new.yaml", W + "/lodge.yaml")


class Proxy:
    def __init__(self, binary=PROXY, files=None, run=None, **keys):
        write_conf(**keys)
        self.p = subprocess.Popen(run or [binary, "-c", W + "/lodge.yaml"], stderr=open(W + "/log", "w"),
                                  preexec_fn=files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))))
        self.pid = self.p.pid
        atexit.register(self.kill)
        if not within(10, lambda: all(w["pid"] for w in status()["workers"]) and answered(ask())):
            bail("lodge-proxy does not start: " + log())

    def kill(self):
        self.p.kill()
        self.p.wait()

    def signal(self, number):
        self.p.send_signal(number)

    def reload(self, **keys):
        write_conf(**keys)
        n = status()["generation"]
        self.signal(signal.SIGHUP)
        return within(20, lambda: status()["generation"] > n and
                      all(w["generation"] == status()["generation"] for w in status()["workers"]))


def log():
    return open(W + "/log").read()


def lines():
    return [l for l in log().splitlines() if "client=" in l]


def all_lines():
    """All are gone, and have their lines, which a worker writes a moment later."""
    now = status()
    return now["open"] == 0 and len(lines()) >= now["accepted"]


def line(test):
    """What the test returns, and the line its connection wrote."""
    within(5, all_lines)
    before = len(lines())
    got = test()
    within(5, lambda: len(lines()) > before)
    return got, " ".join(lines()[before:])


def status(patience=3):
    """Nobody answers for a moment while the supervisor becomes another program."""
    end = time.time() + patience
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(5)
                s.connect(W + "/run/proxy.sock")
                s.sendall(b"status\n")
                return json.loads(drain(s))
        except (OSError, ValueError):
            if time.time() > end:
                raise
            time.sleep(0.02)


def workers():
    return [w["pid"] for w in status()["workers"]]


def within(seconds, test):
    end = time.time() + seconds
    while time.time() < end:
        with contextlib.suppress(OSError, ValueError):
            if test():
                return True
        time.sleep(0.02)
    return False


def alive(pid):
    try:
        return open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def cpu_seconds(pids):
    ticks = sum(sum(map(int, open("/proc/%d/stat" % p).read().rsplit(")", 1)[1].split()[11:13])) for p in pids)
    return ticks / os.sysconf("SC_CLK_TCK")


# --- guests and clients ----------------------------------------------------------------------------

def guest(address, port, answer):
    """answer(socket) for each connection, in a process of its own, so that it does not slow the clients down."""
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(4096)

    def one(c):
        with contextlib.suppress(OSError), c:
            answer(c)
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
        os._exit(0)
    s.close()
    atexit.register(end_child, pid, os.getpid())


def end_child(pid, parent):
    if os.getpid() == parent:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes"


def answer_ok(c):
    got = b""
    while b"\r\n\r\n" not in got:
        more = c.recv(65536)
        if not more:
            return
        got += more
    c.sendall(OK)


def answer_echo(c):
    while more := c.recv(65536):
        c.sendall(more)


def drain(s):
    got = b""
    while more := s.recv(1 << 18):
        got += more
    return got


def dial(port=HTTP, host="127.0.0.1", timeout=15):
    return socket.create_connection((host, port), timeout=timeout)


REQUEST = b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"


def ask(host=b"alice.test", port=HTTP, to="127.0.0.1", timeout=15):
    with dial(port, to, timeout) as s:
        s.sendall(REQUEST % host)
        return drain(s)


def answered(got):
    return got.startswith(b"HTTP/1.1 200") and got.endswith(b"yes")


class Load:
    """Clients in processes of their own, each asking one request a connection until told to stop."""

    def __init__(self, clients=4, pause=0.002, ports=(HTTP,), host=b"alice.test"):
        self.stop_r, self.stop_w = os.pipe()
        self.children = []
        for _ in range(clients):
            out_r, out_w = os.pipe()
            pid = os.fork()
            if pid == 0:
                with contextlib.suppress(BaseException):
                    os.close(self.stop_w)
                    self.run(out_w, pause, ports, host)
                os._exit(1)
            os.close(out_w)
            self.children.append((pid, out_r))
            atexit.register(self.end, pid, os.getpid())
        os.close(self.stop_r)

    def end(self, pid, parent):
        with contextlib.suppress(OSError):
            if os.getpid() == parent:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def run(self, out, pause, ports, host):
        poll = select.poll()
        poll.register(self.stop_r, select.POLLIN | select.POLLHUP)
        n, bad, worst = 0, [], 0
        while not poll.poll(pause * 1000):
            began = time.time()
            try:
                got = ask(host, ports[n % len(ports)])
                if not answered(got):
                    bad.append(repr(got[:60]))
            except OSError as e:
                bad.append(repr(e))
            n, worst = n + 1, max(worst, time.time() - began)
        os.write(out, json.dumps([n, bad[:20], worst]).encode())
        os._exit(0)

    def stop(self):
        """How many there were, the failures, the longest one in seconds."""
        os.close(self.stop_w)
        n, bad, worst = 0, [], 0
        for pid, out in self.children:
            a, b, c = json.loads(os.read(out, 65536) or "[0, [\"a client died\"], 0]")
            os.waitpid(pid, 0)
            n, bad, worst = n + a, bad + b, max(worst, c)
        self.children = []
        return n, bad, worst


# --- TAP ------------------------------------------------------------------------------------------

count, failed = 0, 0


def ok(what, title, note=""):
    global count, failed
    count += 1
    failed += not what
    print("%sok %d - %s" % ("" if what else "not ", count, title), flush=True)
    if note != "" and not what:
        print("# " + str(note)[:600].replace("\n", "\n# "), flush=True)


def bail(why):
    """This test cannot go on; the others can, which TAP's own word for it would end, too."""
    ok(False, "it cannot go on", why)
    print("1..%d" % count)
    sys.exit(1)


def done():
    if failed:
        print("# " + "\n# ".join(log().splitlines()[-20:]))
    print("1..%d" % count)
    sys.exit(failed > 0)


def setup(*guests):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    atexit.register(shutil.rmtree, W, ignore_errors=True)
    for a in (ALICE, BOB, DORA):
        subprocess.run(["ip", "addr", "add", a + "/32", "dev", "lo"], check=True)
    threading.stack_size(256 << 10)
    for address, port, answer in guests or ((ALICE, 9080, answer_ok),):
        guest(address, port, answer)
