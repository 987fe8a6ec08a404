"""See tests/system/quic_upgrade."""
import h3
from h3 import *

h3.BIG = 24 * MIB  # is not over before the upgrade is
setup()
serve()
ngtcp2(ALICE, "alice.test")
KEYS = dict(quic="[%d]" % QUIC, drain="120s")
proxy = Proxy(**KEYS)
if not within(20, lambda: get("alice.test", timeout=3)[0] == page("alice.test")):
    bail("no server: " + log())


def upgrade(**keys):
    """New workers accept, and the old ones no more."""
    write_conf(**{**KEYS, **keys})
    n, serving = status()["upgrades"], lambda: [line for line in log().splitlines() if "took over" in line]
    said = len(serving())
    proxy.signal(signal.SIGUSR2)
    return within(30, lambda: status()["upgrades"] > n and len(serving()) > said and answered(ask()))


def download():
    return Get("alice.test", "/big", "--rx-loss=0.05", "--tx-loss=0.05", timeout=240)


def upload(*options):
    return Get("alice.test", "/", "--http-method=POST", "--data=%s/alice.test/big" % W, "--tx-loss=0.05", *options, timeout=240)


# A download and an upload, and in the middle of both another program, with another number of workers.
for workers_, what in ((2, "as many workers"), (4, "more workers"), (1, "one worker")):
    down, before = download(), quic()
    up = upload()
    ok(down.began() and within(20, lambda: quic()["datagrams_to_guest"] > before["datagrams_to_guest"] + 500) and
       down.p.poll() is None and up.p.poll() is None, "a download and an upload are under way")
    at = quic()
    ok(upgrade(workers=workers_) and down.p.poll() is None and up.p.poll() is None, "an upgrade to %s in the middle" % what, log())
    got, said = down.end()
    ok(whole(got, "alice.test"), "the download goes on to its end", said)
    got, said = up.end()
    ok(got == page("alice.test"), "and so does the upload", said)
    ok(quic()["passed_on"] > at["passed_on"] + 100, "their datagrams were brought to the workers that have them", quic())
    ok(quic()["followed"] == at["followed"], "and neither changed its address for the guest", quic())
    ok(get("alice.test")[0] == page("alice.test"), "new ones are served meanwhile")

# Old workers end when their flows have ended or were quiet for long. A deadline ends them before that, and others follow.
upgrade(drain="1s")
before = quic()
up = upload("--delay-stream=4s")
within(20, lambda: quic()["opened"] > before["opened"] and quic()["datagrams_from_guest"] > before["datagrams_from_guest"])
had = set(workers())
ok(upgrade(drain="1s") and within(30, lambda: not any(map(alive, had))), "past the drain timeout the old workers are gone", status())
got, said = up.end()
ok(got == page("alice.test"), "what had been theirs goes on with the new ones", said)
ok(quic()["followed"] > before["followed"], "by their connection ids", quic())

proxy.reload(**KEYS)
down = download()
ok(down.began() and all(proxy.reload(**KEYS, more=", n%d.test" % i) for i in range(3)) and down.p.poll() is None, "three reloads in the middle of a download")
got, said = down.end()
ok(whole(got, "alice.test"), "which goes on to its end", said)
done()
