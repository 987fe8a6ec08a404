"""See tests/system/proxy_header."""
import struct
import house
from house import *

house.YAML = house.YAML.replace("proxy:\n", "proxy:\n  proxy-in: %(trusted)s\n", 1) + """
  carol: {address: 10.77.0.4, address6: "fd77::4", domains: [carol.test], proxy-to: {http: 9080, tls: 9443}, client-address: proxy-v1}
  dave: {address: 10.77.0.5, address6: "fd77::5", domains: [dave.test], proxy-to: {http: 9080, tls: 9443}, client-address: proxy-v2}
  erin: {address: 10.77.0.6, address6: "fd77::6", domains: [erin.test], proxy-to: {http: 9080, tls: 9443}, client-address: transparent}
"""
house.YAML = house.YAML.replace("network: 10.77.0.0/24\n", "network: 10.77.0.0/24\nnetwork6: fd77::/64\n")
house.DEFAULTS.update(trusted='[127.0.0.9, "::1"]', hello="1s", per_client=0)
BALANCER, BALANCER6 = "127.0.0.9", "::1"  # trusted; 127.0.0.1 is not
CLIENT, CLIENT6 = "203.0.113.9", "2001:db8::9"
CALLED, CALLED6 = "192.0.2.1", "2001:db8::1"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
GET = b"GET / HTTP/1.1\r\nHost: %s.test\r\nConnection: close\r\n\r\n"


def v1(client=CLIENT, called=CALLED, port=1111, to=80):
    return b"PROXY TCP%d %s %s %d %d\r\n" % (6 if ":" in client else 4, client.encode(), called.encode(), port, to)


def v2(client=CLIENT, called=CALLED, port=1111, to=80, extra=b"", command=1):
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    body = socket.inet_pton(family, client) + socket.inet_pton(family, called) + struct.pack(">HH", port, to) + extra
    return SIGNATURE + bytes([0x20 | command, 0x21 if ":" in client else 0x11]) + struct.pack(">H", len(body)) + body


def connect(source, port=HTTP):
    six = ":" in source
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    s.settimeout(10)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.bind((source, 0))
    s.connect(("::1" if six else "127.0.0.1", port))
    return s


def say(source, *parts, port=HTTP):
    """Sends the parts apart from each other and reads to the end."""
    with connect(source, port) as s:
        with contextlib.suppress(OSError):
            for n, part in enumerate(parts):
                time.sleep(0.02 if n and len(parts) < 10 else 0)
                s.sendall(part)
        try:
            return drain(s)
        except ConnectionResetError:
            return b"reset"


def refused(kind):
    return status()["refused"][kind]


def answer_seen(c):
    """What came, behind who sent it."""
    got = b""
    while b"\r\n\r\n" not in got.removeprefix(SIGNATURE):
        more = c.recv(65536)
        if not more:
            break
        got += more
    body = b"%s %d|" % (c.getpeername()[0].encode(), c.getpeername()[1]) + got
    c.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def answer_tls(c):
    """Of a TLS door: all that came at once."""
    got = c.recv(65536)
    c.sendall(b"%s %d|" % (c.getpeername()[0].encode(), c.getpeername()[1]) + got)


def guest6(address, port, answer):
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(4096)

    def loop():
        while True:
            c, _ = s.accept()
            with contextlib.suppress(OSError), c:
                answer(c)
    threading.Thread(target=loop, daemon=True).start()


for n in range(4, 7):
    subprocess.run(["ip", "addr", "add", "10.77.0.%d/32" % n, "dev", "lo"], check=True)
    subprocess.run(["ip", "addr", "add", "fd77::%d/128" % n, "dev", "lo", "nodad"], check=True)
# Stand-ins for the way back that natd makes: what erin answers comes to us.
subprocess.run(["ip", "route", "add", "local", CLIENT + "/32", "dev", "lo"], check=True)
subprocess.run(["ip", "route", "add", "local", CLIENT6 + "/128", "dev", "lo"], check=True)
setup((ALICE, 9080, answer_seen), (ALICE, 9443, answer_tls), (BOB, 9080, answer_ok))
for n in range(4, 7):
    guest("10.77.0.%d" % n, 9080, answer_seen)
    guest("10.77.0.%d" % n, 9443, answer_tls)
    guest6("fd77::%d" % n, 9080, answer_seen)
    guest6("fd77::%d" % n, 9443, answer_tls)
house.ask.__defaults__ = (b"bob.test",) + house.ask.__defaults__[1:]
proxy = Proxy()
within(3, lambda: status()["open"] == 0)

# --- in: whom the balancer names is the client ------------------------------------------------------

for name, header in (("v1", v1), ("v2", v2)):
    for client, called, shown in ((CLIENT, CALLED, CLIENT + ":1111"), (CLIENT6, CALLED6, "[%s]:1111" % CLIENT6)):
        for source in (BALANCER, BALANCER6):
            first = header(client, called)
            got, said = line(lambda: say(source, first + GET % b"alice"))
            ok(got.startswith(b"HTTP/1.1 200") and b"PROXY" not in got and b"QUIT" not in got and "client=%s " % shown in said,
               "%s of %s by a balancer at %s: it is the client, and the guest sees nothing of the header" % (name, client, source),
               (got, said))
    got, said = line(lambda: say(BALANCER, header() + hello(), port=TLS))
    ok(got.endswith(b"|" + hello()) and "client=%s:1111 " % CLIENT in said, name + " in front of a hello", (got, said))
    got, said = line(lambda: say(BALANCER, header(), GET % b"alice"))
    ok(got.startswith(b"HTTP/1.1 200") and CLIENT in said, name + " and the request apart", (got, said))
    for door, rest, good in ((HTTP, GET % b"alice", b"200 OK"), (TLS, hello(), hello())):
        whole = header() + rest
        got, said = line(lambda: say(BALANCER, *[whole[i:i + 1] for i in range(len(whole))], port=door))
        ok(good in got and "client=%s:1111 " % CLIENT in said, "%s byte by byte at port %d" % (name, door), (got, said))

got, said = line(lambda: say(BALANCER, v2(extra=b"\x04" + struct.pack(">H", 2017) + bytes(2017)) + GET % b"alice"))
ok(b"200 OK" in got, "2048 bytes of header", got)
for what, first in (("UNKNOWN", b"PROXY UNKNOWN 1 2 3\r\n"), ("LOCAL", SIGNATURE + b"\x20\0\0\0"), ("LOCAL with more", v2(command=0))):
    got, said = line(lambda: say(BALANCER, first + GET % b"alice"))
    ok(b"200 OK" in got and "client=%s:" % BALANCER in said, what + ": it comes for itself", (got, said))
with connect(BALANCER) as s:
    s.sendall(v1() + b"GET / HTTP/1.1\r\nHost: bob.test\r\n\r\n")
    one = s.recv(65536)
    ok(one.endswith(b"yes"), "the first request of a connection", one)

# --- in: no header, a broken one, from somebody else ----------------------------------------------------

for what, first, port in (("none, by HTTP", GET % b"alice", HTTP), ("none, by TLS", hello(), TLS), ("a broken one", v1()[:-2] + b"\n" + GET % b"alice", HTTP),
                          ("one of a datagram", v2().replace(b"\x21\x11", b"\x21\x12") + GET % b"alice", HTTP),
                          ("two of them", v1() + v1() + GET % b"alice", HTTP),
                          ("one of 2049 bytes", v2(extra=b"\x04" + struct.pack(">H", 2018) + bytes(2018)) + GET % b"alice", HTTP)):
    before, routed = refused("malformed"), status()["routed"]
    got, said = line(lambda: say(BALANCER, first, port=port))
    fine = got in (b"", b"reset") if what != "two of them" else got.startswith(b"HTTP/1.1 400")
    ok(fine and refused("malformed") == before + 1 and status()["routed"] == routed and
       ("PROXY header" in said or what == "two of them"), "a balancer that sends %s is refused" % what, (got, said))
began, before = time.time(), refused("slow")
got, said = line(lambda: say(BALANCER, v1()[:20]))
ok(got.startswith(b"HTTP/1.1 408"), "half a header for ever is ended", got)
ok(refused("slow") == before + 1 and time.time() - began < 3, "in time", (refused("slow"), before))
got, said = line(lambda: say(BALANCER, v1()))
ok(got == b"" and "client=%s:1111 " % CLIENT in said, "a header and nothing behind it likewise", (got, said))
for name, first in (("v1", v1()), ("v2", v2())):
    before = status()["routed"]
    got, said = line(lambda: say("127.0.0.1", first + GET % b"alice"))
    ok(got.startswith(b"HTTP/1.1 400") and CLIENT not in said and "client=127.0.0.1:" in said and status()["routed"] == before,
       name + " of somebody else is a malformed request", (got, said))
    got, said = line(lambda: say("127.0.0.1", first + hello(), port=TLS))
    ok(got[:1] in (b"\x15", b"") and CLIENT not in said and status()["routed"] == before, "and a malformed hello", (got, said))

# --- out ------------------------------------------------------------------------------------------------

for source, target in (("127.0.0.1", "127.0.0.1"), (BALANCER6, BALANCER6)):
    front = v1(BALANCER6, BALANCER6) if source == BALANCER6 else b""
    with connect(source) as s:
        port = s.getsockname()[1]
        s.sendall(front + GET % b"carol")
        got = drain(s)
    want = b"PROXY TCP%d %s %s %d %d\r\nGET " % (4 if not front else 6, source.encode(), target.encode(), port if not front else 1111,
                                                HTTP if not front else 80)
    ok(b"|" + want in got, "v1 to a guest, IPv%d" % (6 if front else 4), got)
    with connect(source, TLS) as s:
        port = s.getsockname()[1]
        s.sendall(front + hello(b"dave.test"))
        got = drain(s)
    want = v2(source, target, port if not front else 1111, TLS if not front else 80) + hello(b"dave.test")
    ok(got.endswith(b"|" + want), "v2 to a guest, IPv%d" % (6 if front else 4), got)
for client, called in ((CLIENT, CALLED), (CLIENT6, CALLED6)):
    got = say(BALANCER, v2(client, called, 1111, 443) + hello(b"carol.test"), port=TLS)
    ok(got.endswith(b"|" + v1(client, called, 1111, 443) + hello(b"carol.test")), "v2 in, v1 out: the client and whom it called, " + client, got)
    got = say(BALANCER, v1(client, called, 1111, 443) + hello(b"dave.test"), port=TLS)
    ok(got.endswith(b"|" + v2(client, called, 1111, 443) + hello(b"dave.test")), "v1 in, v2 out, " + client, got)
    got = say(BALANCER, v1(client, called, 1111) + GET % b"erin")
    ok(b"%s 1111|GET" % client.encode() in got, "transparent: the guest is called from %s and its port" % client, got)
got = say(BALANCER, b"PROXY UNKNOWN\r\n" + hello(b"dave.test"), port=TLS)
ok(b"|" + SIGNATURE + b"\x21\x11\0\x0c" + socket.inet_aton(BALANCER) + socket.inet_aton("127.0.0.1") in got,
   "of a balancer that comes for itself, its own", got)

# --- limits are the clients' -----------------------------------------------------------------------------

ok(within(3, lambda: status()["open"] == 0) and proxy.reload(per_client=3), "a ceiling of three for each client", status())


def hold(client):
    s = connect(BALANCER, TLS)
    s.sendall(v1(client) + hello()[:50])
    return s


held = [hold("203.0.113.%d" % n) for n in range(1, 9) for _ in range(3)]
ok(within(3, lambda: status()["open"] == 24), "eight clients with three each, through one balancer", status()["open"])
before = refused("per_client")
got = say(BALANCER, v1("203.0.113.1") + hello(), port=TLS)
ok(got in (b"", b"reset") and within(3, lambda: refused("per_client") == before + 1), "the fourth of one is refused", got)
got = say(BALANCER, v1("203.0.113.77") + hello(), port=TLS)
ok(hello() in got, "another client is not", got)
got = say("127.0.0.1", GET % b"alice")
ok(b"200 OK" in got, "nor is somebody without the balancer", got)
for s in held:
    s.close()
ok(within(3, lambda: status()["open"] == 0), "they go", status()["open"])
held = [hold("203.0.113.1") for _ in range(3)]
ok(within(3, lambda: status()["open"] == 3) and hello() in say(BALANCER, v1("203.0.113.2") + hello(), port=TLS) and
   refused("per_client") == before + 1, "and make room for three again", status()["refused"])
for s in held:
    s.close()

# --- a reload ---------------------------------------------------------------------------------------------

ok(proxy.reload(trusted="[]"), "nobody is trusted any more", log()[-300:])
got = say(BALANCER, v1() + GET % b"alice")
ok(got.startswith(b"HTTP/1.1 400"), "what the balancer sends is a malformed request", got)
ok(b"200 OK" in say(BALANCER, GET % b"alice"), "and it is a client like any other", "")
ok("::ffff:" not in log().lower(), "no IPv4 address is shown as an IPv6 one", "")
done()
