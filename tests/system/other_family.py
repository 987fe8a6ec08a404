"""See tests/system/other_family. Alice listens on IPv4, bob on IPv6; both have addresses of both families."""
import h3
import house
from h3 import *

ALICE6, BOB6, CLIENT6 = "2001:db8:77::2", "2001:db8:77::3", "2001:db8:1::9"
house.YAML = house.YAML.replace("network: 10.77.0.0/24", "network: 10.77.0.0/24\nnetwork6: 2001:db8:77::/64").replace(
    "client-address: none", "client-address: %(how)s")
for v4, v6 in ((ALICE, ALICE6), (BOB, BOB6)):
    house.YAML = house.YAML.replace("address: %s\n" % v4, "address: %s\n    address6: \"%s\"\n" % (v4, v6))
house.DEFAULTS.update(how="none")


def answer_kept(c):
    got = b""
    while more := c.recv(65536):
        got += more
        if got.endswith(b"\r\n\r\n"):
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(got.splitlines()[0]), got.splitlines()[0]))
            got = b""


for address in ALICE6, BOB6, CLIENT6:
    subprocess.run(["ip", "addr", "add", address + "/128", "dev", "lo", "nodad"], check=True)
setup((ALICE, 9080, answer_kept), (ALICE, 9443, answer_echo), (BOB6, 9080, answer_kept), (BOB6, 9443, answer_echo))
serve()
ngtcp2(ALICE, "alice.test")
ngtcp2(BOB6, "bob.test")


def first_line(host, to, source=None):
    with socket.create_connection((to, HTTP), 15, source and (source, 0)) as s:
        s.sendall(REQUEST % host)
        return drain(s)


def start(how):
    write_conf(quic="[%d]" % QUIC, how=how)
    p = subprocess.Popen([PROXY, "-c", W + "/lodge.yaml"], stderr=open(W + "/log", "w"))
    atexit.register(lambda: (p.kill(), p.wait()))
    if not within(20, lambda: all(w["pid"] for w in status()["workers"])):
        bail("lodge-proxy does not start: " + log())
    return p


for how, line in (("none", b"GET / HTTP/1.1"), ("proxy-v1", b"PROXY TCP")):
    p = start(how)
    for host, to in ((b"alice.test", "::1"), (b"alice.test", "127.0.0.1"), (b"bob.test", "::1"), (b"bob.test", "127.0.0.1")):
        got = first_line(host, to)
        ok(b" 200 OK" in got and line in got, "%s: %s has its answer from %s" % (how, to, host.decode()), got)
    with socket.create_connection(("::1", HTTP), 15) as s:
        seen = []
        for _ in range(3):
            s.sendall(b"GET / HTTP/1.1\r\nHost: alice.test\r\n\r\n")
            got = b""
            while b"HTTP/1.1 200" not in got or got.count(b"HTTP/1.1") < 1 or not got.split(b"\r\n\r\n", 1)[-1]:
                got += s.recv(65536)
            seen.append(got)
    ok(len(seen) == 3 and status()["routed"] == 5, "%s: and a connection to the other address is kept" % how, (seen, status()["routed"]))
    for name, to in (("alice.test", "::1"), ("bob.test", "127.0.0.1")):
        with socket.create_connection((to, TLS), 15) as s:
            s.sendall(hello(name.encode()))
            got = s.recv(65536)
        ok(got.endswith(hello(name.encode())), "%s: so it is by TLS, from %s" % (how, name), got)
    if how == "none":
        for name, to in (("alice.test", "v6"), ("bob.test", "v4")):
            got, said = get(name, to=to)
            ok(got == page(name), "by QUIC, over IP%s from %s" % (to, name), said)
    ok(status()["refused"]["guest_down"] == 0, "%s: nobody was told that it is down" % how, status()["refused"])
    p.terminate()
    p.wait(20)

# From its own address a client of IPv6 can only be led to an address of IPv6.
p = start("transparent")
got = first_line(b"alice.test", CLIENT6, CLIENT6)
ok(got.startswith(b"HTTP/1.1 503"), "a guest that is to see its clients does not see one of them instead as the host", got)
ok(within(20, lambda: "refused over IPv6, and over IPv4 the guest would not see this client" in log()), "and the log says what to do", log())
done()
