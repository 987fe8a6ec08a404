"""See tests/system/quic_flood."""
from h3 import *

FILES = 1024
subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-I.", "-O1", "-o", W + "/initials", "tests/system/initials.c",
                "proxy/quic.c", "proxy/quic_keys.c", "-lcrypto"], check=True)
setup()
serve()
ngtcp2(ALICE, "alice.test")
# Where nothing answers: bob has a socket that is never read.
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind((BOB, TO_QUIC))


def send(name, count, how):
    run = subprocess.run([W + "/initials", str(QUIC), name, str(count), how], capture_output=True, text=True)
    return int(run.stdout) if run.returncode == 0 else run.stderr


def rss(pid):
    return int(next(line for line in open("/proc/%d/status" % pid) if line.startswith("VmRSS")).split()[1])


proxy = Proxy(quic="[%d]" % QUIC, files=FILES, per_client=8, workers=1)
if not within(20, lambda: get("alice.test", timeout=3)[0] == page("alice.test")):
    bail("no server: " + log())
there = Get("alice.test", "/", "--http-method=POST", "--data=%s/alice.test/big" % W, "--tx-loss=0.05", timeout=60)
before = quic()["datagrams_to_guest"]
ok(within(20, lambda: quic()["datagrams_to_guest"] > before + 200), "a client is there")
ceiling = FILES // 8
for name, how, what in (("bob.test", "whole", "hellos"), ("nobody.test", "whole", "unknown names"), ("bob.test", "part", "halves of hellos"),
                        ("bob.test", "forged", "forged packets")):
    began, lines = quic(), len(log().splitlines())
    back = send(name, 3000, how)
    ok(back == 0, "3000 %s are not answered" % what, back)
    ok(quic()["open"] <= ceiling, "and are no more than %d flows" % ceiling, quic())
    ok(len(log().splitlines()) - lines < 500, "nor lines of log", len(log().splitlines()) - lines)
    got, said = get("alice.test", timeout=10)
    ok(got == page("alice.test"), "a new client gets its page meanwhile", said + str(quic()))
ok(answered(ask()), "and so does one by TCP")
got, said = there.end()
ok(got == page("alice.test"), "the client that was there is served to the end", said)
ok(rss(workers()[0]) < 64 << 10, "a worker stays below 64 MiB", rss(workers()[0]))
ok(quic()["evicted"] > 0 and quic()["unlogged"] > 0 and quic()["dropped"]["malformed"] >= 2000, "all of it is counted", quic())

# A guest is slow to answer its client, and meanwhile somebody sends first packets for another guest, more than the table holds.
proxy.kill()
proxy = Proxy(quic="[%d]" % QUIC, files=FILES, workers=1, hello="60s")
slow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
slow.bind((DORA, 443))
slow.settimeout(20)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(("127.0.0.1", QUIC))
client.settimeout(20)
client.send(subprocess.run([W + "/initials", "0", "dora.test", "1", "print"], check=True, capture_output=True).stdout)
asked, where = slow.recvfrom(9216)
back = send("bob.test", 1000, "whole")
ok(back == 0 and quic()["opened"] > 500 and quic()["evicted"] > 400, "a flood for one guest", (back, quic()))
ok(ceiling // 4 <= quic()["open"] <= ceiling // 2 + 8, "has half of the table, no more", quic())
slow.sendto(b"\x40" + bytes(60), where)
try:
    got = client.recv(9216)
except TimeoutError:
    got = b""
ok(len(asked) >= 1200 and got == b"\x40" + bytes(60), "and does not push out the client of another", (len(asked), got, quic()))

# A guest that makes up connection ids, more than the table of them holds, does not make another guest's forgotten.
proxy.kill()
proxy = Proxy(quic="[%d]" % QUIC, files=FILES, workers=1, hello="60s")


def first(name):
    """A client's socket, and where its guest sees its first packet come from."""
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.settimeout(20)
    c.connect(("127.0.0.1", QUIC))
    c.send(subprocess.run([W + "/initials", "0", name, "1", "print"], check=True, capture_output=True).stdout)
    return c


def handshake(id_):
    return b"\xe0\0\0\0\1\0" + bytes([len(id_)]) + id_ + b"\x14" + bytes(20)


mine = os.urandom(16)
client = first("dora.test")
slow.sendto(handshake(mine), slow.recvfrom(9216)[1])
got = client.recv(9216)
deaf.close()
liar = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
liar.settimeout(20)
liar.bind((BOB, TO_QUIC))
hostile = first("bob.test")
where = liar.recvfrom(9216)[1]
for i in range(20000):
    liar.sendto(handshake(os.urandom(16)), where)
    if i % 50 == 0 and not within(10, lambda: quic()["datagrams_from_guest"] > i):
        break
moved = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
moved.sendto(b"\x40" + mine + b"moved", ("127.0.0.1", QUIC))
try:
    seen = slow.recv(9216)
except TimeoutError:
    seen = b""
ok(seen == b"\x40" + mine + b"moved" and quic()["followed"] == 1 and quic()["datagrams_from_guest"] > 15000,
   "a guest that makes up 20000 ids does not make another guest's forgotten", (seen, quic()))

# Those who have proven who they are count for their ceiling.
proxy.kill()
proxy = Proxy(quic="[%d]" % QUIC, per_client=4)
many = [Get("alice.test", "/", "--http-method=POST", "--data=%s/alice.test/big" % W, "--tx-loss=0.05", timeout=8) for _ in range(8)]
ends = [g.end()[0] for g in many]
ok(0 < ends.count(page("alice.test")) <= 4, "four of one client at a time, no more", [len(e) for e in ends])
ok(refused("per_client") > 0, "and that is why", status()["refused"])
done()
