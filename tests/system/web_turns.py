"""See tests/system/web_turns. Each reading of a guest takes so long that those of sixty guests never come to an end."""
from usagepage import *

GUESTS, HELD_S = 60, 0.1
setup()
certify("usage.test")
redis = Redis()
names = ["g%02d" % n for n in range(GUESTS)]
for name in names:
    seed(redis, name, 4000000, 1000000, hours=1)
os.makedirs(W + "/run", exist_ok=True)
between = Between(rb":cur", HELD_S)
write_conf()
open(W + "/log", "w").close()
# What is used after it was given back is no longer what it was.
os.environ["MALLOC_PERTURB_"] = "165"
os.environ["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0"
web = Web()
owner = link("--owner")
looking, bad = True, []


def look(first):
    n = first
    while looking:
        got = of_owner("/g/" + names[n % GUESTS])
        if got not in (200, 503):
            bad.append(got)
        n += 1


def of_owner(path):
    return attempt(lambda: get(path, token=owner))


ok(within(20, lambda: get("/g/" + names[0], token=owner).status == 200), "one guest has a page")
lookers = [threading.Thread(target=look, args=(n * GUESTS // 8,), daemon=True) for n in range(8)]
for t in lookers:
    t.start()
time.sleep(8)
before = between.held
got = []
for path in ("/", "/guests.csv"):
    began = time.monotonic()
    ok(within(50, lambda: of_owner(path) == 200), path + " comes while sixty pages are looked at", web_status()["ledger"])
    got.append(time.monotonic() - began)
seconds = sum(got)
ok((between.held - before) * HELD_S > seconds / 2, "and they leave no moment free", (between.held - before, seconds))
print("# all after %.1f and %.1f s" % tuple(got))
for n in range(20):
    web.p.send_signal(signal.SIGHUP)
    time.sleep(0.3)
ok(web.p.poll() is None, "the file is read again and again meanwhile", web_log()[-2000:])
ok(within(50, lambda: of_owner("/g/" + names[0]) == 200), "and what it says is read")
looking = False
for t in lookers:
    t.join()
ok(not bad, "whose readers have them, too", bad[:3])
web.p.send_signal(signal.SIGTERM)
ok(web.p.wait(20) == 0, "it ends when it is told to")
done()
