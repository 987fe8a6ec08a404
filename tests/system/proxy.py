"""lodge-proxy against real sockets, in the network namespace it is started in; see tests/system/proxy."""
import contextlib, hashlib, json, os, resource, shutil, signal, socket, ssl, struct, subprocess, sys, tempfile, threading, time

W = tempfile.mkdtemp(prefix="lodge-proxy-")
os.chmod(W, 0o755)
PROXY = os.environ["LODGE_BUILD"] + "/lodge-proxy"
HTTP, TLS, TO_HTTP, TO_TLS = 8080, 8443, 9080, 9443
ALICE, BOB, CAROL = "10.77.0.2", "10.77.0.3", "10.77.0.4"
MIB = 1 << 20

YAML = """
network: 10.77.0.0/24
state: %(w)s
run: %(w)s/run
user: nobody
proxy:
  http: [8080]
  tls: [8443]
  quic: []
  client-address: none
  workers: 2
  per-client: %(per_client)s
  per-client-rate: 0
  timeouts: {hello: 1s, connect: 1s, idle: %(idle)s}
guests:
  alice:
    address: 10.77.0.2
    domains: [alice.test, .alice.dev%(more)s]
    proxy-to: {http: 9080, tls: 9443}
  bob:
    address: 10.77.0.3
    domains: ["*.bob.test"]
    proxy-to: {http: 9080, tls: 9443}
    client-address: proxy-v1
  carol:
    address: 10.77.0.4
    domains: [carol.test]
    proxy-to: {http: 9080, tls: 9443}
    client-address: proxy-v2
"""


def write_conf(per_client=5000, idle="20s", more=""):
    with open(W + "/lodge.yaml", "w") as f:
        f.write(YAML % dict(w=W, per_client=per_client, idle=idle, more=more))


# --- guests ---------------------------------------------------------------------------------------

class Guest:
    """A listener whose handler gets each connection; what it saw is in .seen."""

    def __init__(self, address, port, handler):
        self.seen, self.handler = [], handler
        self.s = socket.socket()
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.bind((address, port))
        self.s.listen(4096)
        threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        while True:
            c, _ = self.s.accept()
            threading.Thread(target=self.one, args=(c,), daemon=True).start()

    def one(self, c):
        with contextlib.suppress(OSError, ssl.SSLError), c:
            self.handler(self, c)


def read_head(c, got=b""):
    while b"\r\n\r\n" not in got:
        more = c.recv(65536)
        if not more:
            return got, b""
        got += more
    head, rest = got.split(b"\r\n\r\n", 1)
    return head + b"\r\n\r\n", rest


def odd_answer(c, how, rest):
    """Answers oddly; returns what is left of the bytes, and whether it goes on with the connection."""
    ok200 = b"HTTP/1.1 200 OK\r\n"
    if how == b"expect":
        c.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(rest) < 5:
            rest += c.recv(5)
        rest = rest[5:]
        c.sendall(ok200 + b"Content-Length: 65\r\n\r\n" + b"x" * 65)
    elif how == b"slow-head":
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for b in ok200 + b"Content-Length: 65\r\n\r\n":
            c.sendall(bytes([b]))
            time.sleep(0.002)
        c.sendall(b"x" * 65)
    else:
        c.sendall({
            b"stray": ok200 + b"Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
            b"both": ok200 + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            b"endless": ok200 + b"\r\nuntil the end",
            b"chunks": ok200 + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n",
            b"empty": b"HTTP/1.1 204 No Content\r\n\r\n",
            b"closing": ok200 + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
            b"head": ok200 + b"Content-Length: 1000\r\n\r\n",
            b"early": b"HTTP/1.1 413 Too Much\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        }[how])
    return rest, how in (b"stray", b"chunks", b"empty", b"head", b"expect", b"slow-head")


def http_guest(g, c):
    """Keeps the connection for ever, whatever `Connection: close` says, so that it would see a second request."""
    rest = b""
    while True:
        head, rest = read_head(c, rest)
        if not head:
            return
        low, body = head.lower(), b""
        g.seen.append(head)
        if b"/odd/" in head:
            rest, more = odd_answer(c, head.split(b"/odd/")[1].split(b" ")[0], rest)
            if more:
                continue
            return
        if b"/switch" in head and b"upgrade: websocket" in low:
            c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
            while True:
                more = c.recv(65536)
                if not more:
                    return
                c.sendall(more.upper())
        if b"content-length:" in low:
            want = int(low.split(b"content-length:")[1].split(b"\r\n")[0])
            got, slow = bytearray(rest), b"/slow" in head
            while len(got) < want:
                if slow:
                    time.sleep(0.001)
                got += c.recv(8192 if slow else 65536)
            body, rest = bytes(got[:want]), bytes(got[want:])
        if b"chunked" in low:
            while b"\r\n0\r\n\r\n" not in b"\r\n" + rest:
                rest += c.recv(65536)
            body, rest = rest, b""
        if b"/hints" in head:
            c.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
            while more := c.recv(65536):
                c.sendall(more.upper())
            return
        if b"/die" in head:
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if b"/big" in head:
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
            block = os.urandom(MIB)
            for _ in range(64):
                c.sendall(block)
            g.digest = hashlib.sha256(block * 64).hexdigest()
        else:
            answer = hashlib.sha256(body).hexdigest().encode() + b"\n"
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
        if b"connection: close" in low:
            g.closes = getattr(g, "closes", 0) + 1
            c.shutdown(socket.SHUT_WR)
            g.rest = rest + c.recv(65536)
            return


def tls_guest(g, c):
    with TLS_CONTEXT.wrap_socket(c, server_side=True) as t:
        http_guest(g, t)


def raw_guest(g, c):
    """Reads to the end, then says how much it was; the first word asks for other manners."""
    digest, n, first = hashlib.sha256(), 0, b""
    try:
        while True:
            more = c.recv(1 << 18)
            if not more:
                break
            if n < 4096:
                first += more
            n += len(more)
            digest.update(more)
            if b"RESET-ME" in first:
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if b"TALK-FIRST" in first:
                c.sendall(b"bye")
                c.shutdown(socket.SHUT_WR)
                first = b""
    except ConnectionResetError:
        g.seen.append("reset")
        return
    g.seen.append((n, digest.hexdigest(), first))
    c.sendall(b"%d %s" % (n, digest.hexdigest().encode()))


# --- clients --------------------------------------------------------------------------------------

def dial(port, host="127.0.0.1"):
    s = socket.create_connection((host, port), timeout=15)
    return s


def drain(s):
    got = bytearray()
    while True:
        more = s.recv(1 << 18)
        if not more:
            return bytes(got)
        got += more


def ask(request, port=HTTP):
    """Sends all of it and reads to the end, which one request has with HTTP/1.0 manners."""
    if request.endswith(b"\r\n\r\n") and request.count(b"\r\n\r\n") == 1 and b"HTTP/1.1" in request and b"Connection:" not in request:
        request = request[:-2] + b"Connection: close\r\n\r\n"
    with dial(port) as s:
        s.sendall(request)
        return drain(s)


def client_hello(name):
    inn, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    o = CLIENT_CONTEXT.wrap_bio(inn, out, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        o.do_handshake()
    return o, inn, out, out.read()


def in_records(hello, n):
    """The same handshake bytes in records of n bytes."""
    body = hello[5:]
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(body[i:i + n])) + body[i:i + n]
                    for i in range(0, len(body), n))


def handshake(name, send):
    o, inn, out, hello = client_hello(name)
    s = dial(TLS)
    send(s, hello)
    while True:
        try:
            o.do_handshake()
            break
        except ssl.SSLWantReadError:
            s.sendall(out.read())
            more = s.recv(65536)
            if not more:
                raise EOFError
            inn.write(more)
    o.write(b"GET /tls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    s.sendall(out.read())
    while True:
        try:
            return o.read(65536)
        except ssl.SSLWantReadError:
            more = s.recv(65536)
            if not more:
                raise EOFError
            inn.write(more)


def byte_by_byte(s, bytes_):
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for b in bytes_:
        s.sendall(bytes([b]))


def raw(name="x.bob.test"):
    """A connection to bob's raw guest, opened by a hello that he takes as data."""
    hello = client_hello(name)[3]
    s = dial(TLS)
    s.sendall(hello)
    return s, hello


def status():
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(W + "/run/proxy.sock")
        s.sendall(b"status\n")
        return json.loads(drain(s))


def within(seconds, test):
    end = time.time() + seconds
    while time.time() < end:
        with contextlib.suppress(OSError, ValueError):
            if test():
                return True
        time.sleep(0.02)
    return False


def workers():
    return [w["pid"] for w in status()["workers"]]


def rss_kib(pids):
    kib = 0
    for pid in pids:
        for line in open("/proc/%d/smaps_rollup" % pid):
            if line.startswith("Private_Dirty:"):
                kib += int(line.split()[1])
    return kib


def cpu_ticks(pids):
    return sum(sum(map(int, open("/proc/%d/stat" % p).read().rsplit(")", 1)[1].split()[11:13])) for p in pids)


# --- TAP ------------------------------------------------------------------------------------------

count, failed = 0, 0


def ok(what, title, note=""):
    global count, failed
    count += 1
    failed += not what
    print("%sok %d - %s" % ("" if what else "not ", count, title), flush=True)
    if note and not what:
        print("# " + str(note)[:400].replace("\n", "\n# "), flush=True)


def test(f):
    tests.append(f)
    return f


tests = []


@test
def by_name():
    curl = ["curl", "-sk", "-m", "5", "-o", W + "/out", "-w", "%{http_code}"]
    for url, want in (("http://alice.test:8080/a", "200"), ("https://alice.test:8443/b", "200"),
                      ("http://deep.alice.dev:8080/c", "200"), ("http://nobody.test:8080/", "421"),
                      ("http://bob.test:8080/", "421")):
        host, port = url.split("/")[2].split(":")
        for to in ("127.0.0.1", "[::1]"):
            got = subprocess.run(curl + ["--resolve", "%s:%s:%s" % (host, port, to), url], capture_output=True)
            ok(got.stdout.decode() == want, "%s by %s is %s" % (url, to, want), got.stdout.decode() if got.stdout.decode() != want else "")
    got = subprocess.run(curl + ["--resolve", "nobody.test:8443:127.0.0.1", "https://nobody.test:8443/"], capture_output=True)
    ok(got.returncode == 35, "an unknown name gets a TLS alert", got.returncode)


@test
def cut_hellos():
    for title, send in (("byte by byte", byte_by_byte),
                        ("in records of 100 bytes", lambda s, h: s.sendall(in_records(h, 100))),
                        ("in records of 1 byte", lambda s, h: s.sendall(in_records(h, 1))),
                        ("in records of 3 bytes, byte by byte", lambda s, h: byte_by_byte(s, in_records(h, 3)))):
        try:
            got = handshake("alice.test", send)
        except (OSError, EOFError) as e:
            got = repr(e).encode()
        ok(got.startswith(b"HTTP/1.1 200"), "a whole TLS handshake through a hello " + title, "")
    with dial(HTTP) as s:
        byte_by_byte(s, b"GET / HTTP/1.1\r\nHost: alice.test\r\nConnection: close\r\n\r\n")
        ok(drain(s).startswith(b"HTTP/1.1 200"), "a request byte by byte")
    n = len(bob_http.seen)
    with dial(HTTP) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: x.bob.test")
        time.sleep(0.1)
        s.sendall(b".alice.dev\r\nConnection: close\r\n\r\n")
        ok(drain(s).startswith(b"HTTP/1.1 200") and len(bob_http.seen) == n, "a name cut by a segment is not routed early")


def answers(got):
    """How many whole answers of http_guest these bytes are; -1 for anything else among them."""
    n = 0
    while got:
        head, _, rest = got.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 65") or len(rest) < 65:
            return -1
        got, n = rest[65:], n + 1
    return n


def seen_paths(guest, since):
    return [h.split(b" HTTP/")[0].split(b" ")[-1].decode() for h in guest.seen[since:]]


@test
def exchanges():
    a, b = len(alice_http.seen), len(bob_http.seen)
    hosts = [b"alice.test", b"x.bob.test", b"x.bob.test", b"alice.test", b"www.alice.dev", b"y.bob.test"]
    all_ = b"".join(b"GET /%d HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (i, h, b"Connection: close\r\n" if i == 5 else b"") for i, h in enumerate(hosts))
    got = ask(all_)
    ok(answers(got) == 6 and seen_paths(alice_http, a) == ["/0", "/3", "/4"] and seen_paths(bob_http, b) == ["/1", "/2", "/5"],
       "pipelined requests go to their own guests, answers come in order", (got, seen_paths(alice_http, a), seen_paths(bob_http, b)))
    ok(alice_http.seen[a] == b"GET /0 HTTP/1.1\r\nHost: alice.test\r\n\r\n", "a request goes on as it came", alice_http.seen[a])
    a, b = len(alice_http.seen), len(bob_http.seen)
    with dial(HTTP) as s:
        byte_by_byte(s, all_)
        ok(answers(drain(s)) == 6 and seen_paths(alice_http, a) == ["/0", "/3", "/4"] and seen_paths(bob_http, b) == ["/1", "/2", "/5"],
           "the same byte by byte")
    with dial(HTTP) as s:
        for i in range(20):
            s.sendall(b"GET /k HTTP/1.1\r\nHost: %s\r\n\r\n" % hosts[i % 3])
            head, rest = read_head(s)
            while len(rest) < 65:
                rest += s.recv(65)
            ok(head.startswith(b"HTTP/1.1 200"), "kept alive, request %d" % i) if i % 19 == 0 else None
        s.sendall(b"GET /k HTTP/1.1\r\nHost: nobody.test\r\n\r\n")
        got = drain(s)
        ok(got.startswith(b"HTTP/1.1 421 ") and b"alice" not in got, "then a name of nobody is 421 and the end", got)
    body = os.urandom(300000)
    chunks = b"".join(b"%x;x=1\r\n%s\r\n" % (len(body[i:i + 70001]), body[i:i + 70001]) for i in range(0, 300000, 70001)) + b"0\r\n\r\n"
    b = len(bob_http.seen)
    got = ask(b"POST /b HTTP/1.1\r\nHost: alice.test\r\nContent-Length: 300000\r\n\r\n" + body +
              b"GET /x HTTP/1.1\r\nHost: x.bob.test\r\n\r\n" +
              b"POST /c HTTP/1.1\r\nHost: alice.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks +
              b"GET /last HTTP/1.1\r\nHost: x.bob.test\r\nConnection: close\r\n\r\n")
    ok(answers(got) == 4 and hashlib.sha256(body).hexdigest().encode() in got and hashlib.sha256(chunks).hexdigest().encode() in got
       and seen_paths(bob_http, b) == ["/x", "/last"], "bodies end where their framing says, and what follows is the next request", got)
    got = ask(b"POST /c HTTP/1.1\r\nHost: alice.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" * 2)
    ok(got.startswith(b"HTTP/1.1 400"), "broken chunks are 400", got)
    a = len(alice_http.seen)
    got = ask(b"GET /1 HTTP/1.0\r\nHost: alice.test\r\n\r\nGET /2 HTTP/1.0\r\nHost: alice.test\r\n\r\n")
    ok(answers(got) == 1 and seen_paths(alice_http, a) == ["/1"], "HTTP/1.0 is one request", got)
    a = len(alice_http.seen)
    with dial(HTTP) as s:
        s.sendall(b"GET /1 HTTP/1.1\r\nHost: alice.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: x.bob.test\r\n\r\n")
        s.shutdown(socket.SHUT_WR)
        ok(answers(drain(s)) == 2, "who ends after two requests gets both answers")
    got = ask(b"GET /h2c HTTP/1.1\r\nHost: alice.test\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n")
    ok(b"200" in got and b"h2c\r\n" not in alice_http.seen[-1] and b"HTTP2-Settings" not in alice_http.seen[-1], "an upgrade to h2c is not passed on")


@test
def odd_answers():
    """What a guest may say, and what the next guest's client must not take for its answer."""
    next_ = b"GET /next HTTP/1.1\r\nHost: x.bob.test\r\nConnection: close\r\n\r\n"
    for path, starts, n_bob, title in (
            (b"stray", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "bytes behind an answer are nobody's"),
            (b"both", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 0, "an answer with two lengths is the last"),
            (b"endless", b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 0, "an answer without a length is the last"),
            (b"chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n", 1, "behind a chunked answer another may follow"),
            (b"empty", b"HTTP/1.1 204 No Content\r\n\r\n", 1, "and behind one without a body"),
            (b"closing", b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 0, "a guest that closes ends it")):
        b = len(bob_http.seen)
        got = ask(b"GET /odd/%s HTTP/1.1\r\nHost: alice.test\r\n\r\n" % path + next_)
        rest = got[len(starts):]
        ok(got.startswith(starts) and (answers(rest) == n_bob if path != b"both" else b"bob" not in rest) and len(bob_http.seen) == b + n_bob, title, got)
    with dial(HTTP) as s:
        s.sendall(b"HEAD /odd/head HTTP/1.1\r\nHost: alice.test\r\n\r\n" + next_)
        got = drain(s)
        ok(got.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 200 OK"), "HEAD has an answer without a body", got)
    with dial(HTTP) as s:
        s.sendall(b"POST /odd/expect HTTP/1.1\r\nHost: alice.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        head, rest = read_head(s)
        s.sendall(b"hello" + next_)
        got = rest + drain(s)
        ok(head.startswith(b"HTTP/1.1 100 ") and answers(got) == 2, "100 Continue comes before the body", (head, got))
    with dial(HTTP) as s:
        s.sendall(b"POST /odd/early HTTP/1.1\r\nHost: alice.test\r\nContent-Length: 100000\r\n\r\nabc")
        ok(drain(s) == b"HTTP/1.1 413 Too Much\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "a guest may refuse before all was sent")
    with dial(HTTP) as s:
        s.sendall(b"GET /odd/slow-head HTTP/1.1\r\nHost: alice.test\r\n\r\n" + next_)
        got = drain(s)
        ok(answers(got) == 2, "the head of an answer may come in pieces", got)


@test
def upgrade():
    ask_up = b"GET /%s HTTP/1.1\r\nHost: alice.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
    with dial(HTTP) as s:
        s.sendall(ask_up % b"switch")
        head, rest = read_head(s)
        s.sendall(b"hello ")
        time.sleep(0.05)
        s.sendall(b"guest")
        s.shutdown(socket.SHUT_WR)
        ok(head.startswith(b"HTTP/1.1 101") and rest + drain(s) == b"HELLO GUEST", "a WebSocket passes after 101")
    a, b = len(alice_http.seen), len(bob_http.seen)
    got = ask(ask_up % b"stay" + b"GET /second HTTP/1.1\r\nHost: x.bob.test\r\nConnection: close\r\n\r\n")
    ok(answers(got) == 2 and seen_paths(alice_http, a) == ["/stay"] and seen_paths(bob_http, b) == ["/second"],
       "a refused upgrade is no way past the routing", got)
    with dial(HTTP) as s:
        s.sendall(ask_up % b"switch" + b"at once")
        s.shutdown(socket.SHUT_WR)
        got = drain(s)
    ok(got.endswith(b"\r\n\r\nAT ONCE"), "what was sent without waiting for the 101 comes behind it", got)
    with dial(HTTP) as s:
        s.sendall(ask_up % b"hints")
        head, rest = read_head(s)
        head, rest = read_head(s, rest)
        s.sendall(b"hello")
        s.shutdown(socket.SHUT_WR)
        ok(head.startswith(b"HTTP/1.1 101") and rest + drain(s) == b"HELLO", "interim answers may come before the 101", head)


@test
def refused_heads():
    shapes = {
        "two Host": b"GET / HTTP/1.1\r\nHost: alice.test\r\nHost: x.bob.test\r\n\r\n",
        "CL and TE": b"POST / HTTP/1.1\r\nHost: alice.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a folded line": b"GET / HTTP/1.1\r\nHost: alice.test\r\n x\r\n\r\n",
        "no Host": b"GET / HTTP/1.1\r\n\r\n",
        "an address": b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
        "TLS": client_hello("alice.test")[3],
    }
    for title, bytes_ in shapes.items():
        got = ask(bytes_)
        ok(got.startswith(b"HTTP/1.1 400 "), title + " is 400", "" if got.startswith(b"HTTP/1.1 400") else got)
    for title, bytes_, want in (("CONNECT", b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", b"405"),
                                ("an endless head", b"GET / HTTP/1.1\r\nX: " + b"x" * 20000, b"431")):
        got = ask(bytes_)
        ok(got.startswith(b"HTTP/1.1 " + want), "%s is %s" % (title, want.decode()), "" if want in got else got)
    got = ask(b"\x80\x2e\x01\x03\x01", TLS)
    ok(got == b"\x15\x03\x03\x00\x02\x02\x46", "SSL 2 gets the alert protocol_version", got)


@test
def guest_down():
    got = ask(b"GET / HTTP/1.1\r\nHost: carol.test\r\n\r\n")
    ok(got.startswith(b"HTTP/1.1 503") and b"Retry-After:" in got, "a guest that is down is 503 with Retry-After", "")
    got = ask(client_hello("carol.test")[3], TLS)
    ok(got == b"\x15\x03\x03\x00\x02\x02\x50", "and internal_error by TLS", got)


@test
def proxy_headers():
    s, hello = raw()
    s.shutdown(socket.SHUT_WR)
    drain(s)
    first = bob_raw.seen[-1][2]
    port = s.getsockname()[1]
    ok(first == b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" % (port, TLS) + hello, "PROXY v1 in front of the hello", first[:60])
    carol = Guest(CAROL, TO_TLS, raw_guest)
    s = dial(TLS, "::1")
    hello = client_hello("carol.test")[3]
    s.sendall(hello)
    s.shutdown(socket.SHUT_WR)
    drain(s)
    first, one = carol.seen[-1][2], socket.inet_pton(socket.AF_INET6, "::1")
    ok(first == b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24" + one + one + struct.pack(">HH", s.getsockname()[1], TLS) + hello,
       "PROXY v2 for an IPv6 client", first[:60])


@test
def half_close():
    s, hello = raw()
    data = os.urandom(700000)
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
    got = drain(s)
    n = len(data) + len(hello)
    ok(got.startswith(b"%d " % (n + bob_raw.seen[-1][2].index(b"\r\n") + 2)), "the guest answers after the client's end", got)
    s, hello = raw()
    s.sendall(b"TALK-FIRST")
    ok(drain(s) == b"bye", "the client sees the guest's end first")
    s.sendall(b"more" * 1000)
    s.shutdown(socket.SHUT_WR)
    ok(within(3, lambda: bob_raw.seen[-1][0] > len(hello) + 4010 and True), "and can still send")


@test
def resets():
    n = bob_raw.seen.count("reset")
    s, _ = raw()
    within(2, lambda: status()["guests"]["bob"]["open"] == 1)
    time.sleep(0.1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    ok(within(3, lambda: bob_raw.seen.count("reset") == n + 1), "a client's reset reaches the guest")
    s, _ = raw()
    s.sendall(b"RESET-ME")
    try:
        got = drain(s)
    except ConnectionResetError:
        got = "reset"
    ok(got == "reset", "a guest's reset reaches the client", got)
    with dial(HTTP) as s:
        s.sendall(b"GET /die HTTP/1.1\r\nHost: alice.test\r\n\r\n")
        try:
            got = drain(s)
        except ConnectionResetError:
            got = "reset"
        ok(got == "reset", "half an answer never looks whole", got)


@test
def slow_clients():
    with dial(HTTP) as s:
        s.sendall(b"GET / HT")
        began = time.time()
        got = drain(s)
        ok(got.startswith(b"HTTP/1.1 408") and 0.8 < time.time() - began < 3, "a slow request is 408", time.time() - began)
    n = status()["refused"]["slow"]
    with dial(HTTP) as s:
        s.settimeout(20)
        ok(drain(s) == b"" and status()["refused"]["slow"] == n + 1, "a connection that was never used is closed without a word")
    with dial(TLS) as s:
        s.sendall(b"\x16\x03")
        ok(drain(s)[:1] == b"\x15", "a slow hello is ended")
    # reads nothing for a while: what it is owed waits, and comes whole
    with dial(HTTP) as s:
        s.sendall(b"GET /big HTTP/1.1\r\nHost: alice.test\r\nConnection: close\r\n\r\n")
        time.sleep(0.7)
        before = rss_kib(workers())
        head, rest = read_head(s)
        body = rest + drain(s)
        ok(len(body) == 64 * MIB and hashlib.sha256(body).hexdigest() == alice_http.digest,
           "a reader that stops gets all 64 MiB later", len(body))
        ok(before < 20000, "and the proxy kept none of it in its own memory", "%d KiB" % before)


def small_buffers(small):
    for name, usual in (("rmem", "4096 131072 6291456"), ("wmem", "4096 16384 4194304")):
        with open("/proc/sys/net/ipv4/tcp_" + name, "w") as f:
            f.write("4096 32768 65536" if small else usual)


@test
def bulk():
    begin, pids = cpu_ticks(workers()), workers()
    s, hello = raw()
    block, total = os.urandom(MIB), 1024
    digest = hashlib.sha256(hello)
    t = time.time()

    for _ in range(total):
        s.sendall(block)
    s.shutdown(socket.SHUT_WR)
    got = drain(s)
    seconds, ticks = time.time() - t, cpu_ticks(pids) - begin
    want = total * MIB + len(hello) + len(b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" % (s.getsockname()[1], TLS))
    ok(got.startswith(b"%d " % want), "1 GiB arrives whole", "%.1f s, %.2f s CPU of the proxy" % (seconds, ticks / 100))
    body = os.urandom(8 * MIB) * 8
    got = ask(b"POST /up HTTP/1.1\r\nHost: alice.test\r\nContent-Length: %d\r\n\r\n" % len(body) + body + b"GET /x HTTP/1.1\r\n\r\n")
    ok(hashlib.sha256(body).hexdigest().encode() in got and alice_http.rest == b"", "an upload of 64 MiB, and not a byte behind it")
    small_buffers(True)
    for n in (MIB, 1000003):
        got = ask(b"POST /slow HTTP/1.1\r\nHost: alice.test\r\nContent-Length: %d\r\n\r\n" % n + body[:n] + b"GET /x HTTP/1.1\r\n" * 5000)
        ok(hashlib.sha256(body[:n]).hexdigest().encode() in got and alice_http.rest == b"", "nor when the guest is slow", alice_http.rest[:50])
    small_buffers(False)


@test
def idle_memory():
    warm = [dial(TLS) for _ in range(20)]
    hello = client_hello("alice.test")[3]
    hold = []
    park = threading.Event()
    before_open = None
    pids = workers()

    def idle(n):
        for _ in range(n):
            s = dial(HTTP)
            s.sendall(b"GET /switch HTTP/1.1\r\nHost: alice.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            hold.append(s)
        for s in hold[-n:]:
            read_head(s)

    idle(200)
    before = rss_kib(pids)
    idle(2000)
    per = (rss_kib(pids) - before) * 1024 / 2000
    ok(status()["open"] >= 2200, "2,000 more idle connections are open")
    ok(per <= 1400, "each costs no more than a kilobyte or so of the proxy's own memory", "%d bytes" % per)
    begin = cpu_ticks(pids)
    time.sleep(0.5)
    ok(cpu_ticks(pids) - begin <= 2, "and no time")
    for s in hold + warm:
        s.close()
    ok(within(5, lambda: status()["open"] == 0), "all are gone after they end", status()["open"])


@test
def reload():
    s, _ = raw()
    keep = dial(HTTP)
    keep.sendall(b"GET /switch HTTP/1.1\r\nHost: alice.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
    read_head(keep)
    ok(b" 421 " in ask(b"GET / HTTP/1.1\r\nHost: new.test\r\n\r\n"), "a name is unknown")
    write_conf(more=", new.test")
    proxy.send_signal(signal.SIGHUP)
    ok(within(3, lambda: all(w["generation"] == 2 for w in status()["workers"])), "all workers take new rules")
    ok(b" 200 " in ask(b"GET / HTTP/1.1\r\nHost: new.test\r\n\r\n"), "then it is known")
    stop, odd = threading.Event(), []

    def storm():
        while not stop.is_set():
            proxy.send_signal(signal.SIGHUP)
            time.sleep(0.0005)
    filler = "".join(", n%d.test" % i for i in range(3000))
    write_conf(more=filler + ", new.test")
    thread = threading.Thread(target=storm)
    thread.start()
    for _ in range(300):
        got = ask(b"GET / HTTP/1.1\r\nHost: carol.test\r\n\r\n")
        if not got.startswith(b"HTTP/1.1 503"):
            odd.append(got)
    stop.set()
    thread.join()
    ok(not odd and "could not read" not in open(W + "/log").read(), "no name is lost for a moment, however many reloads there are", odd)
    write_conf(more=", new.test")
    n = status()["reloads"]
    proxy.send_signal(signal.SIGHUP)
    within(5, lambda: status()["reloads"] > n and all(w["generation"] == status()["generation"] for w in status()["workers"]))
    with open(W + "/lodge.yaml", "a") as f:
        f.write("nonsense: 1\n")
    proxy.send_signal(signal.SIGHUP)
    ok(within(3, lambda: status()["refused_reloads"] == 1), "a mistake refuses the reload")
    ok("reload refused: " in open(W + "/log").read() and "nonsense" in open(W + "/log").read(), "with one line")
    ok(b" 200 " in ask(b"GET / HTTP/1.1\r\nHost: new.test\r\n\r\n"), "and changes nothing")
    keep.sendall(b"still here")
    ok(keep.recv(100) == b"STILL HERE", "an old connection never noticed")
    keep.close()
    s.close()


def settled():
    time.sleep(0.1)
    return within(3, lambda: all(w["generation"] == status()["generation"] for w in status()["workers"]))


@test
def limits():
    write_conf(per_client=3)
    proxy.send_signal(signal.SIGHUP)
    settled()
    within(3, lambda: status()["open"] == 0)
    hold = [raw()[0] for _ in range(3)]
    within(3, lambda: status()["guests"]["bob"]["open"] == 3)
    try:
        got = ask(b"GET / HTTP/1.1\r\nHost: alice.test\r\n\r\n")
    except ConnectionResetError:
        got = b""
    ok(got == b"" and status()["refused"]["per_client"] == 1, "the fourth connection of one client is refused, by all workers together")
    ok(b" 200 " in ask6(b"GET / HTTP/1.1\r\nHost: alice.test\r\n\r\n"), "another client is served")
    for s in hold:
        s.close()
    write_conf()
    proxy.send_signal(signal.SIGHUP)
    settled()


def ask6(request):
    with dial(HTTP, "::1") as s:
        s.sendall(request)
        return s.recv(65536)


def limit_files(pids, n):
    for pid in pids:  # as the workers' own user, who needs no privilege for that
        subprocess.run(["prlimit", "--pid", str(pid), "--nofile=%d:" % n], user=65534, group=65534, extra_groups=[], check=True)


@test
def no_descriptors():
    pids = workers()
    limit_files(pids, 12)
    hold = [dial(HTTP) for _ in range(40)]
    for s in hold:
        s.sendall(b"GET / HT")
    time.sleep(0.3)
    begin = cpu_ticks(pids)
    time.sleep(0.6)
    ticks = cpu_ticks(pids) - begin
    ok(ticks <= 5 and status()["accept_stalls"] > 0, "without descriptors it waits and does not spin", "%d ticks" % ticks)
    limit_files(pids, 4096)
    for s in hold:
        s.close()
    ok(within(5, lambda: b" 200 " in ask(b"GET / HTTP/1.1\r\nHost: alice.test\r\n\r\n")), "and serves again")


@test
def passed_sockets():
    def start(kind):
        s = socket.socket(socket.AF_INET, kind)
        s.bind(("127.0.0.1", 8081))
        if kind == socket.SOCK_STREAM:
            s.listen(16)
        code = "import os; os.dup2(%d, 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1'); os.execv(%r, [%r, '-c', %r])"
        with s:
            return subprocess.Popen([sys.executable, "-c", code % (s.fileno(), PROXY, PROXY, W + "/passed.yaml")],
                                    pass_fds=(s.fileno(),), stderr=open(W + "/passed", "w"))
    with open(W + "/passed.yaml", "w") as f:
        f.write((YAML % dict(w=W, per_client=5, idle="20s", more="")).replace("[8080]", "[8081]").replace("/run\n", "/run2\n"))
    p = start(socket.SOCK_STREAM)
    ok(within(5, lambda: b" 200 " in ask(b"GET / HTTP/1.1\r\nHost: alice.test\r\n\r\n", 8081)), "a socket that is passed is served")
    p.terminate()
    p.wait(5)
    p = start(socket.SOCK_DGRAM)
    ok(p.wait(5) == 1 and "does not listen" in open(W + "/passed").read(), "one that does not listen is refused", open(W + "/passed").read())


@test
def killed_worker():
    within(3, lambda: status()["open"] == 0)
    victim = workers()[0]
    os.kill(victim, signal.SIGKILL)
    got = [ask(b"GET / HTTP/1.1\r\nHost: alice.test\r\n\r\n") for _ in range(20)]
    ok(all(b" 200 " in g for g in got), "who comes while a worker is being replaced is served, later")
    ok(within(3, lambda: victim not in workers() and 0 not in workers()), "a killed worker is replaced")
    caps = open("/proc/%d/status" % workers()[0]).read()
    ok("CapEff:\t0000000000000000" in caps and "NoNewPrivs:\t1" in caps and "Uid:\t0" not in caps, "by one without privilege")


@test
def log_lines():
    lines = open(W + "/log").read()
    # the last line of a connection may still be under way
    want = status()["accepted"] - status()["refused"]["per_client"] - status()["refused"]["files"]
    n = sum(" client=" in l for l in lines.splitlines())
    ok(abs(want - n) <= 4, "one line a connection", "%d lines, %d connections" % (n, want))
    ok("::ffff:" not in lines, "IPv4 is shown as IPv4")


# --- run ------------------------------------------------------------------------------------------

def certificate():
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", W + "/key",
                    "-out", W + "/cert", "-days", "30", "-subj", "/CN=alice.test"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(W + "/cert", W + "/key")
    return context


resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
for a in (ALICE, BOB, CAROL):
    subprocess.run(["ip", "addr", "add", a + "/32", "dev", "lo"], check=True)
TLS_CONTEXT = certificate()
CLIENT_CONTEXT = ssl.create_default_context()
CLIENT_CONTEXT.check_hostname = False
CLIENT_CONTEXT.verify_mode = ssl.CERT_NONE
threading.stack_size(256 << 10)
alice_http, alice_tls = Guest(ALICE, TO_HTTP, http_guest), Guest(ALICE, TO_TLS, tls_guest)
bob_http, bob_raw = Guest(BOB, TO_HTTP, http_guest), Guest(BOB, TO_TLS, raw_guest)
write_conf()
proxy = subprocess.Popen([PROXY, "-c", W + "/lodge.yaml"], stderr=open(W + "/log", "w"))
try:
    if not within(5, lambda: status()["open"] == 0 and b" 421 " in ask(b"GET / HTTP/1.1\r\nHost: no.test\r\n\r\n")):
        ok(False, "lodge-proxy starts", open(W + "/log").read())
        print("1..%d" % count)
        sys.exit(1)
    only = sys.argv[1:]
    for t in tests:
        if only and t.__name__ not in only:
            continue
        try:
            t()
        except Exception as e:
            import traceback
            ok(False, t.__name__ + " does not run to its end", traceback.format_exc())
    proxy.terminate()
    ok(proxy.wait(5) == 0, "SIGTERM ends it with 0")
finally:
    proxy.kill()
    if failed:
        print("# " + "\n# ".join(open(W + "/log").read().splitlines()[-20:]))
    shutil.rmtree(W)
print("1..%d" % count)
sys.exit(failed > 0)
