"""See tests/system/web_spoilt."""
from usagepage import *

setup()
certify("usage.test")
redis = Redis()
os.makedirs(W + "/run", exist_ok=True)
write_conf()
open(W + "/log", "w").close()
for name in ("alice", "bob", "dora"):
    seed(redis, name, 4000000, 1000000)
web = Web()
owner, alice = link("--owner"), link("alice")
DAY, MOST = utc(NOW).strftime("%Y%m%d"), 2 ** 64 - 1
MARKUP = "<script>alert(1)</script>"


def of_owner(path):
    return get(path, token=owner)


def big(text):
    return re.search(r'class="big">([^<]*)', text)[1]


before = big(of_owner("/g/alice").text)
ok(of_owner("/").status == 200 and of_owner("/api/v1/guests/alice").status == 200, "all is well")

redis("RENAME", "lodge:{dora}:cur", "kept")
redis("SET", "lodge:{dora}:cur", "hello")
dora = link("dora")
ok(within(20, lambda: 'lodge_guest_readable{guest="dora"} 0\n' in get("/metrics", token=dora).text), "what could never be read is told of in a tenant's metrics", get("/metrics", token=dora).text[:900])
ok("_bytes{" not in get("/metrics", token=dora).text and "alice" not in get("/metrics", token=dora).text, "with no number", get("/metrics", token=dora).text)
redis("RENAME", "kept", "lodge:{dora}:cur")
ok(within(20, lambda: 'lodge_guest_readable{guest="dora"} 1\n' in get("/metrics", token=dora).text), "until it is mended")

# --- one guest's key ----------------------------------------------------------------------------------------------------

for what, spoil, mend in (
        ("a field that is markup", ("HSET", "lodge:{alice}:h:" + DAY, MARKUP, "1 2 3 4 5 6"), ("HDEL", "lodge:{alice}:h:" + DAY, MARKUP)),
        ("half a slot", ("HSET", "lodge:{alice}:d:" + DAY[:4], DAY[4:] if DAY[4:] != "0101" else "0102", "1 2 3"), None),
        ("a sum that is no number", ("HSET", "lodge:{alice}:m:" + DAY[:6] + "01", "wan_to_guest", "12<b>"), None),
        ("a key of another kind", ("SETEX", "lodge:{alice}:cur", "600", "hello"), None)):
    key = spoil[1]
    subprocess.run(["redis-cli", "-s", W + "/redis.sock", "COPY", key, "kept", "REPLACE"], capture_output=True)
    redis(*spoil)
    ok(within(20, lambda: "numbers cannot be read" in of_owner("/g/alice").text), what + " is told of", of_owner("/g/alice").text[:900])
    got = of_owner("/g/alice")
    ok(got.status == 200 and big(got.text) == before and re.search(r"last known numbers, of .*, \d+s old", got.text), "with the last numbers that were good")
    ok("<b>" not in got.text and MARKUP not in got.text and got.text.count("<script") == 1, "and nothing of it is markup", re.findall("<code>.*?</code>", got.text))
    ok("<code>" in got.text and "<code>" not in get("/g/alice", token=alice).text, "which key it is the owner is told alone")
    ok(within(20, lambda: 'lodge_guest_readable{guest="alice"} 0\n' in get("/metrics", token=alice).text), "the tenant's own metrics have it, too")
    ok("numbers cannot be read" not in of_owner("/g/bob").text and get("/healthz").status == 200, "of others all is well")
    redis("COPY", "kept", key, "REPLACE")
    if mend:
        redis(*mend)
    ok(within(20, lambda: "cannot be read" not in of_owner("/g/alice").text), "until it is mended", of_owner("/g/alice").text[:900])
    ok(within(20, lambda: 'lodge_guest_readable{guest="alice"} 1\n' in get("/metrics", token=alice).text), "in metrics as well")

def peak():
    return int(re.search(r"VmHWM:\s+(\d+)", open("/proc/%d/status" % web.p.pid).read())[1])


quiet = peak()
for suffix in ("m:" + DAY[:6] + "01", "h:" + DAY, "cur"):
    key = "lodge:{alice}:" + suffix
    redis("COPY", key, "kept", "REPLACE")
    redis("EVAL", "for i = 1, 200000 do redis.call('HSET', KEYS[1], 'field' .. i, '1 2 3 4 5 6') end", 1, key)
    ok(within(60, lambda: "numbers cannot be read" in of_owner("/g/alice").text), suffix + " with 200000 fields is told of", of_owner("/g/alice").text[:900])
    got, begun = of_owner("/g/alice"), time.time()
    ok(got.status == 200 and big(got.text) == before and "holds more than 65536 fields" in got.text, "with the last numbers that were good", got.text[:900])
    ok(of_owner("/g/bob").status == of_owner("/").status == 200 and time.time() - begun < 3 and "numbers cannot be read" not in of_owner("/g/bob").text,
       "others wait for nothing", time.time() - begun)
    redis("COPY", "kept", key, "REPLACE")
    ok(within(60, lambda: "cannot be read" not in of_owner("/g/alice").text), "until it is mended", of_owner("/g/alice").text[:900])
ok(peak() - quiet < 16 << 10, "and it takes no memory to speak of", (quiet, peak()))

redis("SET", "lodge:{bob}:cur", "hello")
ok(within(20, lambda: "numbers cannot be read" in of_owner("/").text), "the page of all says whose numbers cannot be read")
page = of_owner("/").text
ok(">alice</a>" in page and page.count("numbers cannot be read") == 1 and "does not answer" not in page, "and has the others'", page[:2000])
ok(within(20, lambda: 'lodge_guest_readable{guest="bob"} 0\n' in of_owner("/metrics").text), "metrics have it, too")
ok('lodge_guest_readable{guest="alice"} 1\n' in of_owner("/metrics").text and "lodge_ledger_up 1\n" in of_owner("/metrics").text, "of bob alone")
redis("DEL", "lodge:{bob}:cur")

# --- the list of all ------------------------------------------------------------------------------------------------------


def of_all():
    return json.loads(of_owner("/api/v1/guests").text)


ok(within(20, lambda: [g["name"] for g in of_all().get("guests", [])] == ["alice", "bob", "dora"] and of_all()["ledger"]["unreadable"] == []), "JSON has all", of_all())
redis("RENAME", "lodge:{bob}:m:" + DAY[:6] + "01", "kept")
redis("SET", "lodge:{bob}:m:" + DAY[:6] + "01", "hello")
ok(within(20, lambda: of_all()["ledger"].get("unreadable") == ["bob"]), "whose bill cannot be read is named by it", of_all())
got = of_all()
ok([g["name"] for g in got["guests"]] == ["alice", "dora"] and got["ledger"]["up"] is True and "error" not in got["ledger"], "which has the others", got)
ok(within(20, lambda: re.findall(r"^(?:alice|bob|dora)\b", of_owner("/guests.csv").text, re.M) == ["alice", "dora"]), "and so has CSV", of_owner("/guests.csv").text)
ok(of_owner("/guests.csv").status == 200 and web_log().count("bob: left out of the list of all: ") == 1, "the log says which key, once", web_log()[-400:])
redis("RENAME", "kept", "lodge:{bob}:m:" + DAY[:6] + "01")
ok(within(20, lambda: of_all()["ledger"]["unreadable"] == [] and len(of_all()["guests"]) == 3), "until it is mended", of_all())

# --- as much as 64 bits hold ----------------------------------------------------------------------------------------------

record(redis, "lodge:{dora}:cur", MOST // 2, MOST // 2)
for key in ("lodge:{dora}:cur", "lodge:{dora}:m:" + DAY[:6] + "01"):
    for field in ("to_guest", "from_guest", "wire_to_guest", "wire_from_guest", "billed", "wan_to_guest", "unclassified_from_guest"):
        redis("HSET", key, field, MOST)
for hour in range(24):
    redis("HSET", "lodge:{dora}:h:" + DAY, "%02d" % hour, " ".join([str(MOST)] * 6))
for minute in range(0, 60, 5):
    redis("HSET", "lodge:{dora}:5m:" + DAY, utc(NOW).strftime("%H") + "%02d" % minute, " ".join([str(MOST)] * 6))
redis("HSET", "lodge:{dora}:d:" + DAY[:4], DAY[4:], " ".join([str(MOST)] * 6))
ok(within(20, lambda: big(of_owner("/g/dora").text) == "18 EB"), "18 EB are 18 EB", of_owner("/g/dora").text[:1500])
got = of_owner("/g/dora").text
ok('="-' not in got and not re.search(r'height="(?!10"|\d{1,3}(\.\d+)?")', got), "and no bar is drawn below nothing, or out of its chart", re.findall(r'height="[^"]*"', got)[:30])
for path, text in (("/", "18 EB"), ("/g/dora/text", "18 EB"), ("/api/v1/guests/dora", str(MOST // 2)), ("/api/v1/guests/dora/hour", str(MOST // 2)),
                   ("/g/dora/hour.csv", str(MOST)), ("/metrics", str(MOST))):  # JSON's numbers end at 2^63 - 1
    ok(within(20, lambda: of_owner(path).status == 200 and text in of_owner(path).text), path + " has them", of_owner(path).text[:300])

# --- who there is -----------------------------------------------------------------------------------------------------------

strange = ["<img src=x>", "..", "a" * 300, "\x1b[31m", "", "~web", "UPPER"]
redis("SADD", "lodge:guests", *strange, *["gone-%d" % n for n in range(3000)])
redis("HSET", "lodge:{gone-7}:m:" + DAY[:6] + "01", "billed", 5)
ok(within(30, lambda: ">gone-7</a>" in of_owner("/").text), "of three thousand who are gone those are shown who moved something")
got = of_owner("/")
ok("gone-8<" not in got.text and "<img" not in got.text and "UPPER" not in got.text, "and nobody else, nor what is no name")
ok(of_owner("/g/gone-8").status == 200 and "does not name this guest" in of_owner("/g/gone-8").text, "though each has a page")
ok(of_owner("/g/alice").status == 200 and get("/healthz").status == 200, "others wait for none of them")
redis("SET", "lodge:guests", "hello")
ok(within(60, lambda: "does not answer" in of_owner("/").text), "when nobody can tell who there is, that is told", of_owner("/").text[:600])
ok(">alice</a>" in of_owner("/").text, "with those who were there")
redis("DEL", "lodge:guests")
redis("SADD", "lodge:guests", "alice", "bob", "dora")
ok(within(60, lambda: "does not answer" not in of_owner("/").text), "until it is mended")
redis("FLUSHALL")
ok(within(60, lambda: "0 B" in big(of_owner("/g/alice").text)) and of_owner("/").status == 200, "a ledger that is empty is shown as that")
ok("nothing moved" in of_owner("/g/alice").text and "none yet" in of_owner("/g/alice").text, "in words")
web.p.send_signal(signal.SIGTERM)
ok(web.p.wait(20) == 0, "it ends when it is told to")
done()
