"""See tests/system/quic_routing."""
from h3 import *

setup()
serve()
alice = ngtcp2(ALICE, "alice.test", "--validate-addr")  # with Retry: keys and ids change in the middle
caddy(BOB, "bob.test")
proxy = Proxy(quic="[%d]" % QUIC)
if not within(20, lambda: get("bob.test", timeout=3)[0] == page("bob.test")):
    bail("no server: " + open(W + "/bob.test.server").read() + log())

for to in "v4", "v6":
    for name in "alice.test", "bob.test":
        got, said = get(name, to=to)
        ok(got == page(name), "%s answers, by IP%s" % (name, to), said)
ok('"proto":"HTTP/3.0"' in open(W + "/bob.test.server").read(), "with HTTP/3, its server says")
for name in "alice.test", "bob.test":
    got, said = get(name, "/big")
    ok(whole(got, name), "%d MiB of %s arrive whole" % (BIG // MIB, name), said)
got, said = get("bob.test", "/big", "--tx-loss=0.05", "--rx-loss=0.05", timeout=60)
ok(whole(got, "bob.test"), "also where datagrams are lost", said)

# Who gets no guest hears nothing at all, so that nobody else can be made to hear it. The client itself says what it hears: the
# counts of the status go on for a moment with what the connections before it still have to say.
def hears(said):
    return "Received packet" in said


got, said = get("bob.test", quiet=False)
ok(got == page("bob.test") and hears(said), "a client says that it is answered", said)
unknown = refused("unknown_name")
got, said = get("nobody.test", timeout=2, quiet=False)
ok(got == b"" and refused("unknown_name") == unknown + 1, "an unknown name reaches nobody", said)
ok(not hears(said), "and is not answered", said)
got, said = get("alice.test", "/", "--version=0x0a1a2a3a", timeout=2, quiet=False)
ok(got == b"" and quic()["dropped"]["unknown_version"] > 0, "nor does a version that nobody knows", quic())
ok(not hears(said), "which is not answered either", said)

# A guest whose server is gone and comes back.
alice.kill()
alice.wait()
get("alice.test", timeout=2)
ok(refused("guest_down") > 0, "a guest without a server is down", quic())
alice = ngtcp2(ALICE, "alice.test")
got, said = get("alice.test")
ok(got == page("alice.test"), "and is back with it", said)

# New routes hold for new connections; those that are there stay.
old = Get("alice.test", "/big", "--rx-loss=0.02")
ok(old.began() and proxy.reload(quic="[%d]" % QUIC, alice=".bob.test", bob=".alice.test"), "a reload in the middle of a download")
before = status()["guests"]["bob"]["routed"]["quic"]
get("alice.test", timeout=2)
ok(status()["guests"]["bob"]["routed"]["quic"] == before + 1, "leads new connections to the new guest", status()["guests"])
got, said = old.end()
ok(whole(got, "alice.test"), "and the old one to its end", said)
ends = [line for line in log().splitlines() if " quic client=" in line and "name=v4.nobody.test" in line]
ok(len(ends) == 1 and "end=unknown_name" in ends[0], "a connection has one line of log, however often it tries", ends)
done()
