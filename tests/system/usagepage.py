"""What the tests of the usage page share: a Redis with known numbers, lodge-web, and requests that say from where."""
import datetime
import re
import ssl
import house
from house import *

WEB, LODGE = os.environ["LODGE_BUILD"] + "/lodge-web", os.environ["LODGE_BUILD"] + "/lodge"
PORT, NAME = 8077, "usage.test"
NOW = int(time.time())
house.YAML = "redis: unix:%(w)s/redis.sock\nhost: test\nbilling: {count: wire, scope: wan, direction: both, day: 1}\n" \
    "web: {listen: 127.0.0.1:8077%(web)s}\n" + house.YAML
house.YAML = house.YAML.replace("    domains: [%(bob)s]\n", "    domains: [%(bob)s]\n    quota: {month: 10GB, then: %(then)s}\n")
house.DEFAULTS.update(web=", name: usage.test, cert: %s/usage.test.crt, key: %s/usage.test.key" % (W, W), then="cut")


def utc(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc)


class Redis:
    def __init__(self):
        self.start()
        atexit.register(self.stop)

    def start(self):
        self.p = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", W + "/redis.sock", "--unixsocketperm", "777",
                                   "--dir", W, "--appendonly", "yes", "--save", ""], stdout=subprocess.DEVNULL)
        if not within(20, lambda: self("PING") == "PONG"):
            bail("redis-server does not start")

    def stop(self):
        self.p.kill()
        self.p.wait()

    def __call__(self, *words):
        return subprocess.run(["redis-cli", "-s", W + "/redis.sock", *map(str, words)], capture_output=True, text=True).stdout.strip()


class Between:
    """Stands between lodge-web and Redis, and holds back whatever asks for such keys for so long."""

    def __init__(self, keys, seconds):
        self.keys, self.seconds, self.held = keys, seconds, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(W + "/between.sock")
        os.chmod(W + "/between.sock", 0o777)
        self.listener.listen()
        house.YAML = house.YAML.replace("redis.sock", "between.sock")
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(W + "/redis.sock")
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=pair, daemon=True).start()

    def pass_on(self, source, to):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if re.search(self.keys, data):
                    self.held += 1
                    time.sleep(self.seconds)
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)


def slot(to, fro):
    """Six numbers: the wire has a tenth more."""
    return "%d %d %d %d %d 0" % (to, fro, to * 11 // 10, fro * 11 // 10, (to + fro) * 11 // 10)


def record(redis, key, to, fro):
    redis("HSET", key, "to_guest", to, "from_guest", fro, "wire_to_guest", to * 11 // 10, "wire_from_guest", fro * 11 // 10,
          "wan_to_guest", to, "wan_from_guest", fro, "packets_to_guest", to // 1000, "packets_from_guest", fro // 1000,
          "billable_to_guest", to * 11 // 10, "billable_from_guest", fro * 11 // 10, "billed", (to + fro) * 11 // 10, "ts", NOW - 60)


def seed(redis, guest, to, fro, hours=24):
    """So many bytes in each of the last hours, rising: hour n from the oldest has n + 1 parts. Returns what it all was."""
    days, sums = {}, [0, 0]
    for n in range(hours):
        at = (NOW // 3600 - hours + 1 + n) * 3600
        t, f = to * (n + 1), fro * (n + 1)
        redis("HSET", "lodge:{%s}:h:%s" % (guest, utc(at).strftime("%Y%m%d")), utc(at).strftime("%H"), slot(t, f))
        day = days.setdefault(utc(at).strftime("%Y%m%d"), [0, 0])
        for i, v in enumerate((t, f)):
            day[i] += v
            sums[i] += v
    for day, (t, f) in days.items():
        redis("HSET", "lodge:{%s}:d:%s" % (guest, day[:4]), day[4:], slot(t, f))
    redis("SADD", "lodge:guests", guest)
    redis("HSET", "lodge:{%s}:meta" % guest, "tap", "tap0", "host", "test", "day", 1)
    record(redis, "lodge:{%s}:m:%s" % (guest, utc(NOW).strftime("%Y%m01")), *sums)
    record(redis, "lodge:{%s}:cur" % guest, *sums)
    return sums


class Web:
    def __init__(self, binary=WEB):
        self.p = subprocess.Popen([binary, "-c", W + "/lodge.yaml"], stderr=open(W + "/web.log", "w"))
        atexit.register(self.stop)
        if not within(20, lambda: web_status()["name"] == "lodge-web"):
            bail("lodge-web does not start: " + web_log())

    def stop(self):
        self.p.kill()
        self.p.wait()


def web_log():
    return open(W + "/web.log").read()


def web_status():
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(W + "/run/web.sock")
        s.sendall(b"status\n")
        return json.loads(drain(s))


def lodge(*words, file="lodge.yaml"):
    return subprocess.run([LODGE, "-c", W + "/" + file, *words], capture_output=True, text=True)


def link(*words):
    got = lodge("link", *words)
    return got.stdout.strip().rsplit("/", 1)[-1] if got.returncode == 0 else bail("lodge link: " + got.stderr)


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1]) if first.startswith("HTTP/1.") else 0
        self.fields = {k.lower(): v for k, v in (f.split(": ", 1) for f in fields if ": " in f)}
        if self.fields.get("transfer-encoding") == "chunked":
            out, rest = b"", self.body
            while rest:
                size, _, rest = rest.partition(b"\r\n")
                n = int(size, 16) if size else 0
                out, rest = out + rest[:n], rest[n + 2:]
                if n == 0:
                    break
            self.body = out
        self.text = self.body.decode("utf-8", "replace")


def get(path, token=None, cookie=None, source="127.0.0.1", port=PORT, tls=False, host=NAME, method="GET", raw=None, to="127.0.0.1"):
    """A request; source: from which of this host's addresses, for a guest's stand in for the guest."""
    fields = "Authorization: Bearer %s\r\n" % token if token else ""
    fields += "Cookie: lodge=%s\r\n" % cookie if cookie else ""
    request = raw or ("%s %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n" % (method, path, host, fields)).encode()
    s = socket.create_connection((to, port), timeout=20, source_address=(source, 0))
    if tls:
        context = ssl.create_default_context(cafile=tls if isinstance(tls, str) else W + "/usage.test.crt")
        s = context.wrap_socket(s, server_hostname=host)
    with s:
        s.sendall(request)
        with contextlib.suppress(ConnectionResetError, ssl.SSLError):
            got = b""
            while more := s.recv(1 << 16):
                got += more
        return Answer(got)


def attempt(ask):
    """The status of the answer, or what there was in its place."""
    try:
        return ask().status
    except OSError as e:
        return repr(e)


class Stream:
    """The events of a rate that goes on, as they come."""

    def __init__(self, path, source, token=None):
        self.got, self.began, self.ended = b"", time.time(), None
        self.s = socket.create_connection(("127.0.0.1", PORT), source_address=(source, 0))
        fields = "Authorization: Bearer %s\r\n" % token if token else ""
        self.s.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n\r\n" % (path, fields)).encode())
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        with contextlib.suppress(OSError):
            while more := self.s.recv(4096):
                self.got += more
        self.ended = time.time()

    def rates(self):
        return [(int(a), int(b)) for a, b in re.findall(rb'data: {"to":(\d+),"from":(\d+)}', self.got)]

    def close(self):
        with contextlib.suppress(OSError):
            self.s.shutdown(socket.SHUT_RDWR)
        self.s.close()


def certify(name, days=2):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
                    "-subj", "/CN=" + NAME, "-addext", "subjectAltName=DNS:" + NAME, "-keyout", W + "/%s.key" % name, "-out",
                    W + "/%s.crt" % name], check=True, capture_output=True)
    os.chmod(W + "/%s.key" % name, 0o644)
