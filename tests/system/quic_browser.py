"""See tests/system/quic_browser. Alice's page is made of bob's script: one browser, two guests, one address."""
from h3 import *

SITES = "alice.test", "bob.test"
setup()
for name, address in zip(SITES, (ALICE, BOB)):
    site(name)
    caddy(address, name)
with open(W + "/alice.test/index.html", "w") as f:
    f.write('<!doctype html><p>this is alice</p><script src="https://bob.test:%d/script.js"></script>' % QUIC)
with open(W + "/bob.test/script.js", "w") as f:
    f.write('document.write("<p>and this " + "is bob</p>")')
proxy = Proxy(quic="[%d]" % QUIC)

dom, said = browse("https://alice.test:%d/" % QUIC, SITES)
ok("<p>this is alice</p>" in dom, "a page of alice's", dom + said)
ok("<p>and this is bob</p>" in dom, "with a script of bob's", dom + said)
for name, path in zip(SITES, ("/", "/script.js")):
    lines = [json.loads(line)["request"] for line in open(W + "/%s.server" % name) if "handled request" in line]
    ok(any(r["proto"] == "HTTP/3.0" and r["uri"] == path and r["host"] == "%s:%d" % (name, QUIC) for r in lines),
       "%s sent %s with HTTP/3" % (name, path), lines)
    ok(all(r["host"] == "%s:%d" % (name, QUIC) for r in lines), "and nobody asked it for another's", lines)
ok(all(status()["guests"][g]["routed"]["quic"] > 0 for g in ("alice", "bob")), "the proxy counts both", status()["guests"])
done()
