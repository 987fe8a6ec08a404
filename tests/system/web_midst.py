"""See tests/system/web_midst. What stands between holds back each answer of the totals of who comes last by name."""
from usagepage import *

HELD_S = 0.7  # less than the second of silence after which nobody waits any more

setup()
certify("usage.test")
redis = Redis()
for name in ("alice", "bob", "zoe1", "zoe2", "zoe3"):
    seed(redis, name, 4000000, 1000000)
os.makedirs(W + "/run", exist_ok=True)
between = Between(rb"lodge:\{zoe\d\}:cur", HELD_S)
write_conf()
open(W + "/log", "w").close()
web = Web()
owner, alice = link("--owner"), link("alice")


def counter(token):
    found = re.search(r'^lodge_guest_billed_bytes_total\{guest="alice"\} (\d+)$', get("/metrics", token=token).text, re.M)
    return int(found[1]) if found else None


was, got = int(redis("HGET", "lodge:{alice}:cur", "billed")), []
asking = threading.Thread(target=lambda: got.append(get("/", token=owner)))
asking.start()
ok(within(20, lambda: between.held > 0), "all are being read, and alice is behind")
redis("HINCRBY", "lodge:{alice}:cur", "billed", 1000)
own = counter(alice)
ok(own == was + 1000, "meanwhile alice asks, and has what there is now", (was, own))
ok(between.held < 3, "in the midst of it", between.held)
asking.join()
ok(got[0].status == 200 and ">zoe3</a>" in got[0].text, "all are read", (got[0].status, got[0].text[:300]))
ok(between.held == 3, "once", between.held)
ok(counter(owner) == own, "and alice's counter does not go back", (own, counter(owner)))
web.p.send_signal(signal.SIGTERM)
ok(web.p.wait(20) == 0, "it ends when it is told to")
done()
