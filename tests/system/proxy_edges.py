"""See tests/system/proxy_edges."""
import hashlib
from house import *

HELLO = hello()
K = 1024


def pattern(n):
    block = hashlib.sha512(b"lodge").digest() * K
    return (block * (n // len(block) + 1))[:n]


def serve(c):
    """Behind a hello: a line that says how many bytes to answer and how, then bytes of which the digest is answered."""
    f = c.makefile("rb")
    f.read(len(HELLO))
    words = f.readline().split()
    n, how = int(words[0]), words[1]
    if how == b"digest":
        digest = hashlib.sha256()
        while block := f.read1(1 << 16):
            digest.update(block)
        c.sendall(digest.hexdigest().encode())
    elif how == b"cork":  # the answer and the end of it in as few segments as can be
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        c.sendall(pattern(n))
    elif how == b"urgent":
        c.sendall(pattern(n))
        c.send(b"!", socket.MSG_OOB)
        c.sendall(pattern(n))
        f.read(1)  # nothing more happens until the client is done
    elif how == b"both":  # answers while it is still asked
        sender = threading.Thread(target=c.sendall, args=(pattern(n),))
        sender.start()
        digest, left = hashlib.sha256(), n
        while left and (block := f.read1(1 << 16)):
            digest.update(block)
            left -= len(block)
        sender.join()
        c.sendall(digest.hexdigest().encode())


SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"


def switch(c):
    """Takes the connection out of HTTP while the request's body waits for it, and then digests all that comes."""
    while not (head := c.recv(1 << 16, socket.MSG_PEEK)) or b"\r\n\r\n" not in head:
        pass
    c.recv(head.index(b"\r\n\r\n") + 4)
    within(10, lambda: os.path.exists(W + "/sent"))
    c.sendall(SWITCHED)
    within(10, lambda: os.path.exists(W + "/switched"))
    digest = hashlib.sha256()
    while block := c.recv(1 << 16):
        digest.update(block)
    c.sendall(digest.hexdigest().encode())


def ask_tls(n, how, timeout=20):
    s = dial(TLS, timeout=timeout)
    s.sendall(HELLO + b"%d %s\n" % (n, how))
    return s


def receive(s, n, pause=0):
    got = bytearray()
    while len(got) < n and (more := s.recv(min(1 << 16, n - len(got)))):
        got += more
        if pause:
            select.select([], [], [], pause)
    return bytes(got)


def tried(test):
    try:
        return test()
    except OSError as e:
        return repr(e)


setup((ALICE, 9080, answer_ok), (ALICE, 9443, serve), (BOB, 9080, switch))
proxy = Proxy(workers=1)

# --- as much as there was room for is not all there was ------------------------------------------------------------

sizes = sorted({n + d for n in (1, 1448, 32 * K, 64 * K, 96 * K, 128 * K, 256 * K, 512 * K, 1 << 20) for d in (-1, 0, 1)})
bad = {}
for n in sizes:
    with ask_tls(n, b"cork") as s:
        got = tried(lambda: drain(s))
        if got != pattern(n):
            bad[n] = len(got)
ok(not bad, "answers of every size around the buffers' arrive, and their end", bad)
bad = {}
for n in sizes:
    with ask_tls(0, b"digest") as s:
        s.sendall(pattern(n))
        s.shutdown(socket.SHUT_WR)
        got = tried(lambda: drain(s))
        if got != hashlib.sha256(pattern(n)).hexdigest().encode():
            bad[n] = got
ok(not bad, "so do requests", bad)

# --- the urgent byte makes reads stop short ---------------------------------------------------------------------------

for n in (10, 3000, 100 * K):
    with ask_tls(n, b"urgent") as s:
        got = tried(lambda: receive(s, 2 * n))
        ok(got == 2 * pattern(n), "behind an urgent byte of the guest's all goes on (%d)" % n, len(got))
    with ask_tls(0, b"digest") as s:
        s.sendall(pattern(n))
        s.send(b"!", socket.MSG_OOB)
        s.sendall(pattern(n))
        s.shutdown(socket.SHUT_WR)
        got = tried(lambda: drain(s))
        ok(got == hashlib.sha256(2 * pattern(n)).hexdigest().encode(), "and behind one of the client's", got)

# --- stopped and started many times, in both directions at once --------------------------------------------------------

n = 12 << 20
with ask_tls(n, b"both") as s:
    sender = threading.Thread(target=lambda: tried(lambda: s.sendall(pattern(n))))
    sender.start()
    got = tried(lambda: receive(s, n, 0.001) + receive(s, 64))
    sender.join()
ok(got == pattern(n) + hashlib.sha256(pattern(n)).hexdigest().encode(), "12 MiB each way to who reads slowly", len(got))

# --- and who has much to move lets others have their turn ----------------------------------------------------------------

load = Load(clients=2, pause=0)
streams = [ask_tls(64 << 20, b"cork") for _ in range(8)]
done_with = []
readers = [threading.Thread(target=lambda s=s: done_with.append(tried(lambda: len(receive(s, 64 << 20))))) for s in streams]
for r in readers:
    r.start()
for r in readers:
    r.join()
for s in streams:
    s.close()
count_asked, failures, worst = load.stop()
ok(done_with == [64 << 20] * 8, "eight streams of 64 MiB come whole", done_with)
ok(not failures and count_asked > 5 and worst < 5, "and meanwhile others are answered", (count_asked, failures, worst))
# --- what comes behind a request whose guest switches stays behind its body ----------------------------------------------

UPGRADE = b"POST / HTTP/1.1\r\nHost: bob.test\r\nConnection: Upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n\r\n"
BEHIND = b"behind" * 100
with open("/proc/sys/net/ipv4/tcp_wmem", "w") as f:  # of this namespace: so that little fills a socket
    f.write("4096 16384 65536")


def chunks(n):
    return b"".join(b"3e8\r\n%s\r\n" % pattern(1000) for _ in range(n)) + b"0\r\n\r\n" + BEHIND


def ask_switch(n):
    s = dial(timeout=20)
    threading.Thread(target=lambda: tried(lambda: (s.sendall(UPGRADE + chunks(n)), s.shutdown(socket.SHUT_WR)))).start()
    return s


def settled(value):
    last = value()
    while not within(0.3, lambda: value() != last):
        return last
    return settled(value)


before = status()["to_guest"]
with ask_switch(4000):
    room = (settled(lambda: status()["to_guest"]) - before) // 1007
asked = {n: ask_switch(n) for n in range(max(1, room - 16), room + 64, 2)}
settled(lambda: status()["to_guest"])
open(W + "/sent", "w").close()
for s in asked.values():
    tried(lambda: receive(s, len(SWITCHED)))
open(W + "/switched", "w").close()
bad = {n: tried(lambda: drain(s))[-64:] for n, s in asked.items()}
bad = {n: got for n, got in bad.items() if got != hashlib.sha256(chunks(n)).hexdigest().encode()}
ok(not bad, "what a client sends behind a request that switches comes behind its body (room for %d chunks)" % room, bad)
ok(within(5, lambda: status()["open"] == 0), "nothing is left open", status()["open"])
done()
