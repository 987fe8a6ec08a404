"""See tests/system/web_silent. A Redis that is stopped takes connections and never answers."""
from usagepage import *

setup()
certify("usage.test")
redis = Redis()
seed(redis, "alice", 4000000, 1000000)
seed(redis, "bob", 50000000, 10000000)
os.makedirs(W + "/run", exist_ok=True)
write_conf()
open(W + "/log", "w").close()
web = Web()
owner, alice = link("--owner"), link("alice")
SLOW = 1.5  # a machine may be busy; whoever waited for an answer would wait two seconds
AGE = r"last known numbers, of \d{4}-\d\d-\d\d \d\d:\d\d \(?UTC\)?, (\d+)s old"


def timed(path, **how):
    began = time.monotonic()
    answer = get(path, **how)
    return time.monotonic() - began, answer


def of_owner(path):
    return get(path, token=owner)


# --- it hangs ----------------------------------------------------------------------------------------------------------

for path in ("/", "/g/alice", "/api/v1/guests/alice", "/tap2", "/metrics", "/g/alice/day.csv"):
    ok(of_owner(path).status == 200, "%s is there while Redis answers" % path)
billed = re.search(r'class="big">([^<]*)', of_owner("/g/alice").text)[1]
live = Stream("/g/alice/live", ALICE)
ok(within(20, lambda: live.rates()), "and a rate goes on", live.got)
PAGES = [dict(path=p, token=t) for p in ("/g/alice", "/api/v1/guests/alice", "/g/alice/text", "/metrics") for t in (owner, alice)]
PAGES += [dict(path="/", token=owner), dict(path="/", source=ALICE), dict(path="/style.css", token=owner), dict(path="/g/alice")]
usual = sorted(timed(**p)[0] for p in PAGES * 3)[len(PAGES) * 3 // 2]
time.sleep(2.1)  # what is known is to be read anew from here on
redis.p.send_signal(signal.SIGSTOP)
stopped = time.time()
first = [timed(**p) for p in PAGES]
ok(max(t for t, _ in first) < SLOW, "when it hangs whoever asks first has a page at once", [round(t, 3) for t, _ in first])
took = []
while time.time() < stopped + 6:  # connecting anew, and giving up, both fall into this
    took += [timed(**p) for p in PAGES]
times = sorted(t for t, _ in took)
ok(times[-1] < SLOW, "and so has everybody for as long as it lasts", times[-5:])
ok(times[len(times) // 2] < max(0.05, 4 * usual), "half of them as soon as ever", (times[len(times) // 2], usual))
print("# median %.1f ms, worst %.1f ms of %d" % (times[len(times) // 2] * 1000, times[-1] * 1000, len(times)))
ok([a.status for _, a in took[:len(PAGES)]] == [200] * (len(PAGES) - 1) + [403], "with the same statuses as ever", [a.status for _, a in took[:len(PAGES)]])
got = of_owner("/g/alice").text
ok("The ledger does not answer" in got and re.search(AGE, got) and int(re.search(AGE, got)[1]) >= 5 and
   re.search(r'class="big">([^<]*)', got)[1] == billed, "the page has the last numbers, and how old they are", got[:1500])
ok(re.search(AGE, of_owner("/").text), "the page of all, too")
got = json.loads(of_owner("/api/v1/guests/alice").text)
ok(got["ledger"]["up"] is False and got["ledger"]["age_s"] >= 5 and got["ledger"]["error"] and got["guests"][0]["name"] == "alice",
   "so does JSON", got.get("ledger"))
ok(re.match("the ledger does not answer: these are the " + AGE, of_owner("/tap2").text), "and text", of_owner("/tap2").text[:200])
got = of_owner("/metrics").text
ok("lodge_ledger_up 0\n" in got and int(re.search(r"^lodge_ledger_read_timestamp_seconds (\d+)$", got, re.M)[1]) <= stopped + 1 and
   'lodge_guest_billed_bytes_total{guest="alice"}' in got, "and metrics", got[:400])
ok(of_owner("/g/alice/day.csv").status == 503, "CSV, which cannot say so, is refused")
t, got = timed("/healthz")
ok(got.status == 503 and t < SLOW, "/healthz tells it at once", (t, got.text))
t, got = timed("/g/bob", token=owner)
ok(got.status == 503 and "No numbers yet" in got.text and t < SLOW, "of whom nothing was read there is nothing, at once", (t, got.status))
t, got = timed("/g/nobody", token=owner)
ok(got.status == 404 and t < SLOW, "nor of whom nobody knows", (t, got.status))
ok(within(20, lambda: b": the ledger does not answer\n\n" in live.got), "a rate that goes on says so, too", live.got[-200:])
ok(web_status()["ledger"]["up"] is False, "and so does status", web_status()["ledger"])
web.p.send_signal(signal.SIGHUP)
ok(within(20, lambda: "reloaded: " in web_log()) and timed("/g/alice", token=owner)[0] < SLOW, "it is reloaded all the same")
ok(of_owner("/g/alice").status == 200, "with what is known")
got = of_owner("/")
ok(got.status == 200 and ">alice</a>" in got.text and ">bob</a>" in got.text, "of everybody, on the page of all", (got.status, got.text[:1500]))
got = of_owner("/metrics").text
ok(all('lodge_guest_billed_bytes_total{guest="%s"}' % name in got for name in ("alice", "bob")), "and in metrics", got[:400])
redis.p.send_signal(signal.SIGCONT)
ok(within(40, lambda: "does not answer" not in of_owner("/g/alice").text and get("/healthz").status == 200), "and when it goes on, so do the numbers",
   web_status()["ledger"])
ok(within(20, lambda: of_owner("/g/bob").status == 200), "of everybody")
ok(json.loads(of_owner("/api/v1/guests/alice").text)["ledger"]["up"] is True, "JSON says that, too")
redis.p.send_signal(signal.SIGSTOP)
time.sleep(2.1)
timed("/g/alice", token=owner)
began = time.monotonic()
web.p.send_signal(signal.SIGTERM)
ok(web.p.wait(20) == 0 and time.monotonic() - began < 1.5, "it ends at once, also while it waits for an answer", time.monotonic() - began)
redis.p.send_signal(signal.SIGCONT)

# --- a name server that takes every question, and answers none ---------------------------------------------------------

deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind(("127.0.0.53", 53))
for name, text in (("resolv.conf", "nameserver 127.0.0.53\n"), ("hosts", "127.0.0.1 localhost\n"), ("nsswitch.conf", "hosts: files dns\n")):
    with open(W + "/" + name, "w") as f:
        f.write(text)
    if os.path.exists("/etc/" + name):
        subprocess.run(["mount", "--bind", W + "/" + name, "/etc/" + name], check=True)
house.YAML = house.YAML.replace("redis: unix:%(w)s/redis.sock", "redis: redis://ledger.test:6379")
write_conf()
web = Web()
t, got = timed("/healthz")
ok(got.status == 503 and t < 3, "of a name that is looked up for long nothing is known", (t, got.status))
deaf.setblocking(False)


def questions():
    n = 0
    with contextlib.suppress(BlockingIOError):
        while deaf.recv(4096):
            n += 1
    return n


ok(questions() > 0, "and the name server was asked")
took = []
began = time.time()
while time.time() < began + 4:
    for p in (dict(path="/g/alice", token=owner), dict(path="/", source=ALICE), dict(path="/healthz"), dict(path="/no")):
        took.append(timed(**p))
ok(max(t for t, _ in took[4:]) < SLOW, "which holds nobody either", max(t for t, _ in took[4:]))
ok({a.status for _, a in took} == {503, 403}, "and all are told", {a.status for _, a in took})
began = time.monotonic()
web.p.send_signal(signal.SIGTERM)
ok(web.p.wait(20) == 0 and time.monotonic() - began < 1.5, "it ends at once in the midst of that", time.monotonic() - began)
done()
