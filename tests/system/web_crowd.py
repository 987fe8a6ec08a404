"""See tests/system/web_crowd. Strangers have each an address of their own, which a PROXY header says, as the proxy's does."""
import random
from usagepage import *

setup()
certify("usage.test")
redis = Redis()
seed(redis, "alice", 4000000, 1000000)
os.makedirs(W + "/run", exist_ok=True)
write_conf()
open(W + "/log", "w").close()
web = Web()
owner, alice = link("--owner"), link("alice")
OWNER = "198.51.100.7"
context = ssl.create_default_context(cafile=W + "/usage.test.crt")
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))


def told(address):
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton(address) + socket.inet_aton("192.0.2.1") + b"\x9c\x40\x01\xbb"


def stranger(n=0, first=b"", address=None):
    s = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    s.sendall(told(address or "203.0.%d.%d" % (n // 250, n % 250 + 1)) + first)
    return s


def owners(path="/g/alice", more=""):
    """As a browser of theirs asks: from elsewhere, over TLS."""
    s = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    s.sendall(told(OWNER))
    with context.wrap_socket(s, server_hostname=NAME) as s:
        s.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%sConnection: close\r\n\r\n" % (path, NAME, owner, more)).encode())
        return Answer(drain(s))


class Watch(threading.Thread):
    """The owner looks at their page again and again, all the time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.took, self.bad, self.on = [], [], True
        self.start()

    def run(self):
        while self.on:
            began = time.monotonic()
            status = attempt(owners)
            self.took.append(time.monotonic() - began)
            if status != 200:
                self.bad.append(status)
            time.sleep(0.02)

    def end(self, what):
        self.on = False
        self.join()
        times = sorted(self.took)
        print("# %s: %d pages, median %.0f ms, worst %.0f ms" % (what, len(times), times[len(times) // 2] * 1000, times[-1] * 1000))
        ok(not self.bad and len(times) > 10, "the owner has every page while " + what, (self.bad[:5], len(times)))
        ok(times[-1] < 3 and times[len(times) // 2] < 0.3, "and has it at once", times[-5:])


# --- more than there are seats ------------------------------------------------------------------------------------------

ok(owners().status == 200, "the owner has their page")
watch = Watch()
HALVES = (hello(NAME.encode())[:40], b"GET / HTTP/1.1\r\nX: ", b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n", b"\x16\x03\x01\x40\0\x01\0\x3f\xfc\x03\x03", b"")
crowd = []
for n in range(900):
    with contextlib.suppress(OSError):
        crowd.append(stranger(n, HALVES[n % len(HALVES)]))
    if n % 100 == 0:
        time.sleep(0.05)
end = time.time() + 3
while time.time() < end:  # each says a little more, so that nobody is idle
    for s in crowd:
        with contextlib.suppress(OSError):
            s.send(b"x")
    time.sleep(0.2)
counts = web_status()["connections"]
watch.end("900 strangers never end a sentence")
ok(counts["open"] <= 512 and counts["displaced"] > 300, "of whom the eldest go, which is counted", counts)
ok(within(20, lambda: web_status()["connections"]["slow"] > 0), "and those who take too long, too", web_status()["connections"])
for s in crowd:
    s.close()
ok(within(20, lambda: web_status()["connections"]["open"] < 50), "whoever went leaves their seat", web_status()["connections"])

# --- one of them ----------------------------------------------------------------------------------------------------------

neighbours = [stranger(first=b"GET / HTTP/1.1\r\n", address=OWNER) for _ in range(40)]
ok(within(20, lambda: web_status()["connections"]["open"] >= 32), "the owner's address has 32 strangers", web_status()["connections"])
got = [attempt(owners) for _ in range(20)]
ok(got == [200] * 20, "of whom the eldest goes for the owner", got)
for s in neighbours:
    s.close()
ok(within(20, lambda: web_status()["connections"]["open"] < 10), "they leave their seats, too", web_status()["connections"])
watch = Watch()
before = web_status()["connections"]["per_client"]
many = [stranger(0, b"GET / HTTP/1.1\r\n") for _ in range(100)]
ok(within(20, lambda: web_status()["connections"]["per_client"] - before >= 68), "one address has 32 seats and no more", web_status()["connections"])
for s in many:
    s.close()
answers = set()


def shout(n):
    """Thousands of requests at once, and then over and over."""
    end = time.time() + 2
    while time.time() < end:
        with contextlib.suppress(OSError), stranger(n) as s:
            s.sendall(b"GET /g/alice HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)
            answers.update(re.findall(rb"^HTTP/1.1 (\d+)", drain(s), re.M))


shouting = [threading.Thread(target=shout, args=(n,)) for n in range(8)]
for t in shouting:
    t.start()
for t in shouting:
    t.join()
ok(answers <= {b"403", b"301"} and answers, "whoever shouts gets a refusal", answers)
watch.end("eight strangers shout")
raw = (b"GET /g/alice/text HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % owner.encode()) * 50
with socket.create_connection(("127.0.0.1", PORT), timeout=20) as s:
    s.sendall(raw + raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")[:len(raw) // 50 + 19])
    got = drain(s)
ok(got.count(b"HTTP/1.1 200") == 51, "of who may look each request of many at once is answered", got.count(b"HTTP/1.1 200"))

# --- a tenant -------------------------------------------------------------------------------------------------------------


def keep(address):
    """A connection that alice's link made known, and that is kept."""
    s = context.wrap_socket(stranger(address=address), server_hostname=NAME)
    return s if look(s) else None


def look(s):
    try:
        s.sendall(("GET /g/alice/text HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n" % (NAME, alice)).encode())
        return s.recv(1 << 16).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


kept = [keep("192.0.2.%d" % (10 + n // 30)) for n in range(90)]
ok(all(kept), "a tenant has ninety connections", kept.count(None))
crowd = []
for n in range(900):
    with contextlib.suppress(OSError):
        crowd.append(stranger(n, HALVES[n % len(HALVES)]))
ok(within(20, lambda: sum(1 for s in kept if look(s)) <= 64), "of which a crowd takes those above 64")
ok(sum(1 for s in kept if look(s)) == 64, "and leaves the others", sum(1 for s in kept if look(s)))
for s in crowd + kept:
    s.close()

# --- what is no request -----------------------------------------------------------------------------------------------------

JUNK = [b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100000 + b"\r\n", b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X" * 1000000,
        b"GET /\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET http://x/g/alice HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000000000000\r\n\r\n", b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"]
random.seed(7)
whole = b"GET /g/alice/hour.csv HTTP/1.1\r\nHost: usage.test\r\nAuthorization: Bearer aaaa\r\nCookie: lodge=bbbb; lodge\r\nAccept-Encoding: gzip\r\n\r\n"
for _ in range(400):
    piece = bytearray(whole * random.choice((1, 1, 3)))
    for _ in range(random.randrange(1, 8)):
        at = random.randrange(len(piece))
        piece[at:at + random.randrange(3)] = random.choice((b"\0", b"\r\n", b"%00", b"\xff" * 40, b":", b" ", b";=\"", b"/../", bytes([random.randrange(256)])))
    JUNK.append(bytes(piece))
got, watch, left = [], Watch(), list(enumerate(JUNK))


def talk():
    while left:
        n, junk = left.pop()
        with contextlib.suppress(OSError), stranger(n) as s:
            s.settimeout(1)  # what is no whole request is waited for: it is the answer that counts
            with contextlib.suppress(OSError):
                s.sendall(junk)
                s.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(OSError):
                while more := s.recv(1 << 16):
                    answer += more
            got.append(answer)


talking = [threading.Thread(target=talk) for _ in range(8)]
for t in talking:
    t.start()
for t in talking:
    t.join()
watch.end("others talk nonsense")
ok(len(got) > 380, "of whom most are heard", len(got))
ok(not [g for g in got if re.search(rb"^HTTP/1.1 2", g, re.M) or b"alice" in g.replace(b"/g/alice", b"")], "which gets nobody anything",
   [g[:60] for g in got if b" 200 " in g][:3])
ok({g[9:12] for g in got} <= {b"", b"400", b"403", b"404", b"405", b"413", b"414", b"417", b"431", b"501", b"505", b"301"}, "but refusals", {g[9:12] for g in got})

# --- methods ----------------------------------------------------------------------------------------------------------------

for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
    mine, other = get("/g/alice", token=owner, method=method), get("/g/alice", raw=told("203.0.113.5") + b"%s / HTTP/1.1\r\nHost: x\r\n\r\n" % method.encode())
    ok(mine.status == 405 and mine.fields.get("allow") == "GET, HEAD" and other.status == 403, method + " is refused, with what is taken to those who may", (mine.fields, other.status))
for path in ("/", "/g/alice", "/g/alice/day.csv", "/api/v1/guests", "/metrics", "/healthz", "/style.css", "/live.js", "/tap2", "/g/alice/live"):
    head = get(path, token=owner, method="HEAD")
    ok(head.status == 200 and head.body == b"" and head.fields["content-type"], "HEAD %s has a head and nothing else" % path, (head.status, head.body[:50]))
page = get("/g/alice", token=owner)
names = re.findall(r'(?:href|src)="(/(?:style\.css|live\.js)\?[0-9a-f]{8})"', page.text)
fixed = [get(n, token=owner).fields["cache-control"] for n in names]
ok(len(names) == 2 and all("immutable" in c and "private" in c for c in fixed), "what goes with a page is kept by the browser, under a name of its own", (names, fixed))
ok({get(p, token=owner).fields["cache-control"] for p in ("/", "/g/alice", "/api/v1/guests", "/metrics", "/tap2")} == {"no-store"}, "numbers are not")
ok(within(20, lambda: web_status()["connections"]["open"] < 10), "nobody is left", web_status()["connections"])
web.p.send_signal(signal.SIGTERM)
ok(web.p.wait(20) == 0, "it ends when it is told to")
done()
