"""See tests/system/quic_follow. Uploads, because who only listens cannot be found again: it says nothing."""
from h3 import *

setup()
serve()
ngtcp2(ALICE, "alice.test")
proxy = Proxy(quic="[%d]" % QUIC)
if not within(20, lambda: get("alice.test", timeout=3)[0] == page("alice.test")):
    bail("no server: " + log())


# So long that a fast machine, too, is in the middle of it when something happens.
with open(W + "/long", "wb") as f:
    f.truncate(64 * MIB)


def upload(*options):
    return Get("alice.test", "/", "--http-method=POST", "--data=" + W + "/long", "--tx-loss=0.02", *options, timeout=60)


def grows():
    before = quic()["datagrams_to_guest"]
    return lambda: quic()["datagrams_to_guest"] > before + 500


more = grows()
got, said = upload("--change-local-addr=100ms", "--nat-rebinding").end()
ok(got == page("alice.test") and more(), "an upload outlives its client's new address", said)
ok(quic()["followed"] >= 1, "which was followed", quic())

more = grows()
slow, old, followed = upload(), workers(), quic()["followed"]
began = within(20, more)
for pid in old:
    os.kill(pid, signal.SIGKILL)
ok(began and within(10, lambda: all(p and p not in old for p in workers())), "workers die in the middle of an upload")
got, said = slow.end()
ok(got == page("alice.test"), "and it goes on", said)
ok(quic()["followed"] > followed, "with the worker after them", quic())
got, said = get("alice.test")
ok(got == page("alice.test"), "as do new ones", said)
done()
