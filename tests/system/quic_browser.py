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

# Version 2, which the browser speaks when it is told to; dora's server only listens.
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind((DORA, 443))
deaf.settimeout(30)
site("dora.test")
malformed = refused("malformed") + quic()["dropped"]["malformed"]
run = threading.Thread(target=browse, args=("https://dora.test:%d/" % QUIC, ("dora.test",), "--quic-version=RFCv2"))
run.start()
got = deaf.recv(9216)
ok(len(got) >= 1200 and got[1:5] == bytes.fromhex("6b3343cf"), "a hello in version 2 comes to whom it names, as it was", got[:30])
run.join()
ok(refused("malformed") + quic()["dropped"]["malformed"] == malformed and quic()["dropped"]["unknown_version"] == 0,
   "all of its packets are understood", status())
done()
