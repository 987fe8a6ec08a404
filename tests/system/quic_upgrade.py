"""See tests/system/quic_upgrade."""
from h3 import *

setup()
serve()
ngtcp2(ALICE, "alice.test")
KEYS = dict(quic="[%d]" % QUIC, drain="120s")
proxy = Proxy(drain="120s")
write_conf(**KEYS)
proxy.signal(signal.SIGUSR2)
if not within(20, lambda: get("alice.test", timeout=3)[0] == page("alice.test")):
    bail("no server: " + log())
ok(status()["upgrades"] == 1, "an upgrade brings QUIC to a proxy that had none")


def upgrade(**keys):
    """New workers accept, and the old ones no more."""
    write_conf(**{**KEYS, **keys})
    n, serving = status()["upgrades"], lambda: [line for line in log().splitlines() if "took over" in line]
    said = len(serving())
    proxy.signal(signal.SIGUSR2)
    return within(30, lambda: status()["upgrades"] > n and len(serving()) > said and answered(ask()))


LATER = "--delay-stream=4s"  # the connection is there now, and moves something only then


def download(*options):
    return Get("alice.test", "/big", "--rx-loss=0.05", "--tx-loss=0.05", *options, timeout=240)


def upload(*options):
    return Get("alice.test", "/", "--http-method=POST", "--data=%s/alice.test/big" % W, "--tx-loss=0.05", *options, timeout=240)


# In the middle of downloads and uploads another program takes over, with another number of workers.
for workers_, what in ((2, "as many workers"), (4, "more workers"), (1, "one worker")):
    had = quic()
    going, down, up = download(), download(LATER), upload(LATER)
    ok(going.began() and within(20, lambda: quic()["opened"] >= had["opened"] + 3 and status()["guests"]["alice"]["open"] >= 3),
       "three connections are there")
    at = quic()
    ok(upgrade(workers=workers_), "an upgrade to %s" % what, log())
    for one, what in ((going, "a download that had begun"), (down, "one that begins later")):
        got, said = one.end()
        ok(whole(got, "alice.test"), what + " comes to its end", said)
    got, said = up.end()
    ok(got == page("alice.test"), "and so does an upload", said)
    ok(quic()["passed_on"] > at["passed_on"] + 1000, "their datagrams were brought to the workers that have them", quic())
    ok(quic()["followed"] == at["followed"], "and none changed its address for the guest", quic())
    ok(get("alice.test")[0] == page("alice.test"), "new ones are served")

# Old workers end when their flows have ended or were quiet for long. A deadline ends them before that, and others follow.
upgrade(drain="1s")
before = quic()
up = upload(LATER)
within(20, lambda: quic()["opened"] > before["opened"] and quic()["datagrams_from_guest"] > before["datagrams_from_guest"])
had = set(workers())
ok(upgrade(drain="1s") and within(30, lambda: not any(map(alive, had))), "past the drain timeout the old workers are gone", status())
got, said = up.end()
ok(got == page("alice.test"), "what had been theirs goes on with the new ones", said)
ok(quic()["followed"] > before["followed"], "by their connection ids", quic())

proxy.reload(**KEYS)
down = download()
ok(down.began() and all(proxy.reload(**KEYS, more=", n%d.test" % i) for i in range(3)), "three reloads during a download")
got, said = down.end()
ok(whole(got, "alice.test"), "which goes on to its end", said)
done()
