"""
See tests/system/http_hammer. Streams of pipelined requests to two guests, with random framings, bodies that look like
requests, answers of every framing, and at the end of many a shape that has to be refused, all cut at random places.
Who makes a stream knows what each guest must have got of it, to the byte, and what the client must get back; nothing
is concluded from it by parsing. LODGE_SEED and LODGE_STREAMS make other and longer runs.
"""
import hashlib, random
import house
from house import *

SEED = int(os.environ.get("LODGE_SEED", "3"))
STREAMS = int(os.environ.get("LODGE_STREAMS", "1500"))
CLIENTS = 4
SEEN = W + "/seen"
HOSTS = {b"alice": [b"alice.test", b"www.alice.test", b"ALICE.test.", b"alice.test:8080"], b"bob": [b"bob.test", b"x.bob.test:80"]}


# --- what an answer is: known to guests and to clients alike ----------------------------------------------------

def answer(guest, method, path):
    """The bytes of a guest's answer, and whether another request may follow it."""
    number, kind = path.split(b"/")[1:3]
    body = b"%s %s %s " % (guest, method, number) + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" * (int(number) % 4)
    ok200 = b"HTTP/1.1 200 OK\r\nX: %s\r\n" % number
    sized = ok200 + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = ok200 + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"%x;x=y\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7)) + b"0\r\nTrailer: z\r\n\r\n"
    if method == b"HEAD":
        return {b"chunks": ok200 + b"Transfer-Encoding: chunked\r\n\r\n"}.get(kind, ok200 + b"Content-Length: 99999\r\n\r\n"), True
    return {b"sized": (sized, True), b"chunks": (chunks, True),
            b"hints": (b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 102 Processing\r\nContent-Length: 3\r\n\r\n" + sized, True),
            b"nothing": (b"HTTP/1.1 204 No Content\r\nX: %s\r\n\r\n" % number, True),
            b"same": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", True),
            b"early": (sized, True),
            b"closing": (ok200 + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body, False),
            b"endless": (ok200 + b"\r\n" + body, False)}[kind]


KINDS = [b"sized"] * 5 + [b"chunks"] * 5 + [b"hints", b"nothing", b"same", b"early"] * 2 + [b"closing", b"endless"]


# --- guests ------------------------------------------------------------------------------------------------------

class Ended(Exception):
    pass


class Reader:
    """Bytes of a connection by the line or by the number, all of them kept since the last request."""

    def __init__(self, c):
        self.c, self.got, self.at = c, b"", 0

    def more(self):
        new = self.c.recv(65536)
        if not new:
            raise Ended
        self.got += new

    def until(self, end):
        while (i := self.got.find(end, self.at)) == -1:
            self.more()
        line, self.at = self.got[self.at:i], i + len(end)
        return line

    def take(self, n):
        while len(self.got) < self.at + n:
            self.more()
        self.at += n

    def request(self):
        whole, self.got, self.at = self.got[:self.at], self.got[self.at:], 0
        return whole


def note(**what):
    fd = os.open(SEEN, os.O_WRONLY | os.O_APPEND)
    os.write(fd, json.dumps(what).encode() + b"\n")
    os.close(fd)


def read_body(r, head):
    low = head.lower()
    if b"\r\ntransfer-encoding:" in low:
        while n := int(r.until(b"\r\n").split(b";")[0], 16):
            r.take(n + 2)
        while r.until(b"\r\n"):
            pass
    elif b"\r\ncontent-length:" in low:
        r.take(int(low.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0]))


def pieces(c, bytes_, rnd):
    while bytes_:
        n = rnd.choice((1, 3, 20, 200, 5000))
        c.sendall(bytes_[:n])
        bytes_ = bytes_[n:]


def serve(guest_name):
    def one(c):
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        r = Reader(c)
        try:
            while True:
                head = r.until(b"\r\n\r\n")
                method, target = head.split(b" ")[:2]
                path = target[target.index(b"/", 8):] if target.startswith(b"http") else target
                rnd = random.Random(path)
                out, goes_on = answer(guest_name, method, path)
                if path.endswith(b"/early"):
                    pieces(c, out, rnd)
                read_body(r, head)
                raw = r.request()
                note(guest=guest_name.decode(), number=int(path.split(b"/")[1]), sum=hashlib.sha256(raw).hexdigest())
                if not path.endswith(b"/early"):
                    pieces(c, out, rnd)
                if not goes_on:
                    return
        except (Ended, ConnectionError):
            if r.got:
                note(guest=guest_name.decode(), part=r.got[:4000].decode("latin1"))
        except Exception as e:
            note(guest=guest_name.decode(), odd=repr(e) + r.got[:4000].decode("latin1"))
    return one


# --- streams -----------------------------------------------------------------------------------------------------

class Stream:
    """Bytes to send, and what has to become of them."""

    def __init__(self, number):
        self.rnd = random.Random(SEED * 1000003 + number)
        self.first = number * 100
        self.sent, self.back = b"", b""  # to the proxy, and from it
        self.want = []  # (guest, number, sum) in the order of requests
        self.part = False  # a guest may get the beginning of a request that is broken later
        self.refusal = None
        n = self.rnd.randrange(1, 12)
        for i in range(n):
            if not self.request(self.first + i, i == n - 1):
                break
        else:
            if self.rnd.random() < 0.6 and not self.closed:
                self.poison(self.first + 50)

    def head(self, number, method, more, kind=None):
        rnd, guest_name = self.rnd, self.rnd.choice((b"alice", b"bob"))
        host, path = rnd.choice(HOSTS[guest_name]), b"/%d/%s" % (number, kind or rnd.choice(KINDS))
        target = path if rnd.random() < 0.8 else b"http://" + host + path
        fields = [b"Host: " + host] + more + [b"X-%d: %s" % (i, b"v" * rnd.choice((0, 1, 50, 900))) for i in range(rnd.randrange(3))]
        rnd.shuffle(fields)
        return guest_name, path, b"%s %s HTTP/1.1\r\n" % (method, target) + b"".join(f + b"\r\n" for f in fields) + b"\r\n"

    def decoy(self, n):
        """A body that is a request for the other guest to whoever loses count."""
        text = b"GET /%d/sized HTTP/1.1\r\nHost: %s\r\n\r\n" % (self.first + 99, self.rnd.choice((b"alice.test", b"bob.test")))
        return (b"0\r\n\r\n" + text * (n // len(text) + 1))[:n]

    def chunked(self, body):
        out = b""
        while body:
            n = self.rnd.choice((1, 5, 40, 300, 20000))
            size = self.rnd.choice((b"%x", b"%X", b"000%x")) % len(body[:n])
            out += size + self.rnd.choice((b"", b"", b";a", b';a="b c";d')) + b"\r\n" + body[:n] + b"\r\n"
            body = body[n:]
        return out + self.rnd.choice((b"0", b"0000", b"0;x=y")) + b"\r\n" + self.rnd.choice((b"", b"", b"T: u\r\nContent-Length: 5\r\n")) + b"\r\n"

    def request(self, number, last):
        rnd = self.rnd
        body, more, method = b"", [], rnd.choice((b"GET", b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS"))
        how = rnd.choice(("none", "length", "chunked")) if method != b"HEAD" else "none"
        data = self.decoy(rnd.choice((0, 1, 60, 700, 40000, 120000) if rnd.random() < 0.3 else (0, 1, 60, 700)))
        if how == "length":
            body, more = data, [rnd.choice((b"Content-Length: %d", b"content-length:%d\t", b"CONTENT-LENGTH:  000%d")) % len(data)]
        elif how == "chunked":
            body, more = self.chunked(data), [rnd.choice((b"Transfer-Encoding: chunked", b"transfer-encoding:\tgzip , Chunked "))]
        self.closed = last and rnd.random() < 0.3
        if self.closed:
            more.append(b"Connection: close")
        h2c = rnd.random() < 0.05 and not self.closed
        guest_name, path, head = self.head(number, method, more)
        gets = head
        if h2c:
            head = head[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        self.sent += head + body
        self.want.append((guest_name.decode(), number, hashlib.sha256(gets + body).hexdigest()))
        out, goes_on = answer(guest_name, method, path)
        self.back += out
        if not goes_on:
            self.sent += self.decoy(200)
        return goes_on

    def poison(self, number):
        """The last of a stream: what follows it would reach a guest if it were read in any other way."""
        rnd = self.rnd
        name, make = rnd.choice(POISONS)
        self.name = name
        behind = b"GET /%d/sized HTTP/1.1\r\nHost: bob.test\r\n\r\n" % (self.first + 98)
        if name.startswith("body: "):
            guest_name, path, head = self.head(number, b"POST", [b"Transfer-Encoding: chunked"], b"sized")
            self.part = True
            self.sent += head + make + behind * 3
        elif callable(make):
            self.sent += make(number) + behind * 3
        else:
            guest_name, path, head = self.head(number, b"POST", [], b"sized")
            self.sent += head[:-2] + make + b"\r\n\r\n" + b"0\r\n\r\n" + behind * 3
        self.refusal = b"HTTP/1.1 " + {"nobody": b"421", "down": b"503", "connect": b"405", "version": b"505"}.get(name, b"400")


def one_line(text):
    return lambda n: text % n + b"\r\nHost: alice.test\r\n\r\n"


POISONS = [(repr(f), f) for f in (
    b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: 5\r\nContent-Length: 0", b"Content-Length: 5, 5", b"Content-Length: 5,",
    b"Content-Length: +5", b"Content-Length: -5", b"Content-Length: 0x5", b"Content-Length: 5 0", b"Content-Length: 5;", b"Content-Length: ",
    b"Content-Length: 1e1", b"Content-Length: \xb2", b"Content-Length: 99999999999999999999", b"Content-Length : 5", b"Content-Length\t: 5",
    b" Content-Length: 5", b"X: y\r\n Content-Length: 5", b"X: y\r\n\tTransfer-Encoding: chunked", b"X: y\rContent-Length: 5",
    b"X: y\nContent-Length: 5", b"X: y\n\nGET / HTTP/1.1", b"X: y\r\r\n", b"X: \0", b"X\0: y", b"X: y\x0b", b"X: \x7f", b"X y", b": y", b"X\xc3: y", b"(X): y",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, gzip", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunkedx",
    b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: ,chunked", b"Transfer-Encoding: chunked,",
    b"Transfer-Encoding: chun ked", b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
    b"Host: bob.test", b"host: alice.test", b"Host : bob.test", b"Upgrade: a\r\nUpgrade: b")]
POISONS += [("body: " + repr(b), b) for b in (
    b"5 \r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"-1\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n", b"5\r\nhellox\r\n0\r\n\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n", b"5;\0\r\nhello\r\n0\r\n\r\n",
    b"5\r\rhello\r\n0\r\n\r\n", b"5,\r\nhello\r\n0\r\n\r\n", b"5_\r\nhello\r\n0\r\n\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n", b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"x\r\n\r\n", b"0\r\n folded\r\n\r\n", b"0\r\nT: u\n\r\n", b"0\r\n\n", b"0\r\n\rX", b"0\n\n", b"0\r\nT: \0\r\n\r\n")]
POISONS += [("nobody", lambda n: b"GET /%d/sized HTTP/1.1\r\nHost: nobody.test\r\n\r\n" % n), ("down", lambda n: b"GET /%d/sized HTTP/1.1\r\nHost: dora.test\r\n\r\n" % n),
            ("connect", lambda n: b"CONNECT bob.test:80 HTTP/1.1\r\nHost: bob.test:80\r\n\r\n"), ("version", one_line(b"GET /%d/sized HTTP/1.2")),
            ("two spaces", one_line(b"GET  /%d/sized HTTP/1.1")), ("a space behind", one_line(b"GET /%d/sized HTTP/1.1 ")), ("0.9", lambda n: b"GET /%d/sized\r\n\r\n" % n),
            ("a tab", one_line(b"GET\t/%d/sized HTTP/1.1")), ("an empty line", lambda n: b"\r\nGET /%d/sized HTTP/1.1\r\nHost: alice.test\r\n\r\n" % n),
            ("no host", lambda n: b"GET /%d/sized HTTP/1.1\r\n\r\n" % n), ("an address", lambda n: b"GET /%d/sized HTTP/1.1\r\nHost: 10.77.0.3\r\n\r\n" % n),
            ("two names", lambda n: b"GET http://alice.test/%d/sized HTTP/1.1\r\nHost: bob.test\r\n\r\n" % n), ("a list", lambda n: b"GET /%d/sized HTTP/1.1\r\nHost: alice.test, bob.test\r\n\r\n" % n),
            ("chunked of 1.0", lambda n: b"POST /%d/sized HTTP/1.0\r\nHost: alice.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % n)]


def send_cut(s, stream):
    """In pieces of random sizes; a pause now and then lets one arrive alone."""
    rnd, bytes_ = stream.rnd, stream.sent
    style = rnd.choice(((1, 2, 3), (1, 7, 60, 500), (200, 1500, 9000), (1 << 20,)))
    style = style if len(bytes_) < 4000 else style[-1:] + (3000, 20000)
    try:
        while bytes_:
            n = rnd.choice(style)
            s.sendall(bytes_[:n])
            bytes_ = bytes_[n:]
            if rnd.random() < 0.05:
                time.sleep(0.001)
        if not stream.refusal:
            s.shutdown(socket.SHUT_WR)
    except OSError:
        stream.reset = True  # the socket says it once: to who sends, or to who reads


def play(stream):
    """What is wrong with what came back, or None."""
    with dial(timeout=30) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender = threading.Thread(target=send_cut, args=(s, stream))
        sender.start()
        got, stream.reset = b"", False
        try:
            while more := s.recv(1 << 16):
                got += more
        except ConnectionResetError:
            stream.reset = True
        except OSError as e:
            return "%r behind %r" % (e, got[-300:])
        finally:
            sender.join()
    want = stream.back
    if stream.part and stream.reset:  # what is broken in the middle takes along what was not read yet
        return None if want.startswith(got) else "other bytes: %r" % got[-300:]
    if got[:len(want)] != want or (stream.refusal is None and got != want):
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        return "at %d of %d: %r for %r" % (at, len(want), got[max(at - 30, 0):at + 200], want[at:at + 200])
    if stream.refusal and not (got[len(want):].startswith(stream.refusal) and got[len(want):].count(b"HTTP/1.1 ") == 1):
        return "%r for %r" % (got[len(want):][:200], stream.refusal)
    return None


def client(numbers, out):
    for number in numbers:
        stream = Stream(number)
        wrong = play(stream)
        out.write(json.dumps([number, wrong, stream.want, stream.part, getattr(stream, "name", "")]) + "\n")
    out.close()


# --- run ---------------------------------------------------------------------------------------------------------

open(SEEN, "w").close()
setup((ALICE, 9080, serve(b"alice")), (BOB, 9080, serve(b"bob")))
house.REQUEST = b"GET /1/closing HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
house.answered = lambda got: got.startswith(b"HTTP/1.1 200 OK")
proxy = Proxy(hello="20s")
within(5, lambda: status()["open"] == 0)
os.truncate(SEEN, 0)
children = []
for i in range(CLIENTS):
    name = W + "/played.%d" % i
    if (pid := os.fork()) == 0:
        with contextlib.suppress(BaseException), open(name, "w") as f:
            client(range(i, STREAMS, CLIENTS), f)
        os._exit(0)
    children.append((pid, name))
for pid, _ in children:
    os.waitpid(pid, 0)
played = [json.loads(l) for _, name in children for l in open(name)]
want = {(g, n): s for _, _, w, _, _ in played for g, n, s in w}
parts = {number for number, _, _, part, _ in played if part}


def seen():
    return [json.loads(l) for l in open(SEEN).read().splitlines()]


within(10, lambda: status()["open"] == 0 and sum("number" in x for x in seen()) >= len(want))
got = seen()
ok(len(played) == STREAMS, "%d streams of seed %d, %d requests" % (STREAMS, SEED, len(want)), len(played))
wrong = [(n, what, name) for n, what, _, _, name in played if what]
ok(not wrong, "answers come to their clients whole and in order, and each broken stream ends in its refusal", (len(wrong), wrong[:3]))
whole = [x for x in got if "number" in x]
others = [x for x in whole if (x["guest"], x["number"]) not in want]
ok(not others, "no guest got a request of another guest, or one that is none", (len(others), others[:3]))
changed = [x for x in whole if want.get((x["guest"], x["number"]), x["sum"]) != x["sum"]]
ok(not changed, "none was changed", (len(changed), changed[:3]))
ok(len(whole) == len(want) == len({(x["guest"], x["number"]) for x in whole}), "each came once", (len(whole), len(want)))
odd = [x for x in got if "odd" in x]
ok(not odd, "and nothing that a guest could not read", odd[:3])
halves = [x for x in got if "part" in x and not any(b"/%d/sized" % (p * 100 + 50) in x["part"].encode("latin1") for p in parts)]
ok(not halves, "half a request comes only of a body that is broken later", halves[:3])
kinds = {name for *_, name in played}
ok(len(kinds) > (0.9 if STREAMS >= 1000 else 0) * len(POISONS), "of %d shapes to refuse, %d were played" % (len(POISONS), len(kinds) - 1))
ok(within(5, lambda: status()["open"] == 0 and status()["held_bytes"] == 0), "nothing is left", status())
lines = [l for l in log().splitlines() if " client=" in l]
ok(abs(len(lines) - status()["accepted"]) <= 2, "one line a connection", (len(lines), status()["accepted"]))
done()
