"""See tests/system/web. Guests are addresses of this namespace: who asks from 10.77.0.2 is alice."""
from usagepage import *

setup()
certify("usage.test")
redis = Redis()
alice_sums = seed(redis, "alice", 4000000, 1000000)
bob_sums = seed(redis, "bob", 50000000, 10000000)
seed(redis, "gone", 1000, 1000)
os.makedirs(W + "/run", exist_ok=True)
proxy, web = Proxy(), Web()
owner, alice, bob = link("--owner"), link("alice"), link("bob")
minute = Stream("/g/alice/live", ALICE)
PATHS = ("/", "/g/%s", "/%s", "/g/%s/text", "/g/%s/hour.csv", "/g/%s/month.csv", "/g/%s/live", "/api/v1/guests/%s",
         "/api/v1/guests/%s/day", "/api/v1/guests", "/guests.csv", "/metrics", "/style.css", "/live.js", "/healthz", "/tap2", "/no/such")

# --- who may see what ------------------------------------------------------------------------------------------------


def statuses(name, **how):
    return {get(p % name if "%s" in p else p, **how).status for p in PATHS}


STRANGER = dict(source="127.0.0.1", port=TLS, tls=True)  # over the proxy nobody is of this host
ok(statuses("alice", **STRANGER) == {403}, "a stranger gets 403, whatever they ask for")
wrong = alice[:-1] + ("b" if alice[-1] == "a" else "a")
ok(statuses("alice", token=wrong, **STRANGER) == {403}, "and so does a token with one wrong letter")
ok(web_status()["ledger"]["reads"] == 0, "and nobody read anything for them", web_status())
for token, status in ((owner, 200), (alice, 200), (bob, 403)):
    got = get("/g/alice", token=token, **STRANGER)
    ok(got.status == status, "alice's page: %d" % status, got.text[:200])
    ok(get("/g/alice", cookie=token, **STRANGER).status == status, "the same by the cookie")
ok({get(p % "alice", token=bob, **STRANGER).status for p in PATHS if "%s" in p} == {403}, "bob gets nothing that is alice's")


def asked_who():
    return sum(map(int, re.findall(r"cmdstat_smembers:calls=(\d+)", redis("INFO", "commandstats"))))


asked = asked_who()
ok(get("/g/nobody", token=bob, **STRANGER).status == 403, "and does not learn who there is")
ok(get("/g/gone", token=bob, **STRANGER).status == 403 and asked_who() == asked, "nor is Redis asked for them", asked_who())
for n in range(20):
    get("/g/nobody%d" % n, token=owner, **STRANGER)
ok(asked_who() < asked + 12, "and for the owner not each time", asked_who() - asked)
ok(get("/g/nobody", token=owner, **STRANGER).status == 404, "which the owner does")
everything = "".join(get(p % "bob" if "%s" in p else p, token=bob, **STRANGER).text for p in PATHS if "live" not in p)
ok("alice" not in everything and "gone" not in everything, "in all that bob gets there is nobody else",
   [everything[max(0, everything.find(n) - 100):][:200] for n in ("alice", "gone") if n in everything])
got = get("/", source=ALICE)
ok(got.status == 200 and "<h1>alice</h1>" in got.text, "from inside the guest there is no login", got.text[:300])
ok(get("/g/bob", source=ALICE).status == 403, "and nothing of another")
got = get("/", source=ALICE, port=HTTP, to="127.0.0.1")
ok("<h1>alice</h1>" in got.text, "the same through the proxy, by the page's name", got.text[:300])
got = get("/", source=ALICE, port=HTTP, host="10.77.0.1")
ok("<h1>alice</h1>" in got.text, "and by the address of the gateway", got.text[:300])
ok(get("/", source="127.0.0.1", port=HTTP, host="10.77.0.1").status == 400, "by which nobody else finds it")
ok(re.match(r"usage.test: ~web, by usage.test at \S+lodge.yaml:4:", lodge("routes", NAME).stdout), "lodge routes knows whose the name is", lodge("routes", NAME))
ok(get("/healthz").text == "ok\n" and get("/").status == 403, "a program of the host gets /healthz and no more")
got = get("/k/" + alice, port=HTTP)
ok(got.status == 301 and got.fields["location"] == "https://usage.test/k/" + alice, "the plain page sends strangers to https", got.fields)
ok(get("/g/alice", token=alice, port=HTTP).status == 301, "where no token counts")
got = get("/k/" + alice, **STRANGER)
ok(got.status == 303 and "HttpOnly" in got.fields["set-cookie"] and "Secure" in got.fields["set-cookie"] and
   "SameSite=Lax" in got.fields["set-cookie"], "a link leaves a cookie", got.fields)
ok(get("/k/" + wrong, **STRANGER).status == 403, "a wrong one does not")

# --- links come and go ---------------------------------------------------------------------------------------------------

ok(link("alice") == alice, "a link stays the same")
ok(os.stat(W + "/web/links").st_mode & 0o777 == 0o640, "and is nobody's to read")
fresh = link("alice", "--new")
ok(get("/g/alice", token=alice, **STRANGER).status == 403 and get("/g/alice", token=fresh, **STRANGER).status == 200,
   "a new one opens the page, and the old one nothing, at once")
going = Stream("/g/alice/live", "127.0.0.1", fresh)
inside = Stream("/g/alice/live", ALICE)
ok(within(20, lambda: going.rates() and inside.rates()), "a rate goes on, by a link and from inside", (going.got, inside.got))
lodge("link", "alice", "--revoke")
ok(within(10, lambda: going.ended) and going.got.endswith(b"0\r\n\r\n"), "it ends with its link", going.got[-100:])
ok(not inside.ended, "and no other one")
inside.close()
ok(get("/g/alice", token=fresh, **STRANGER).status == 403 and get("/g/alice", cookie=fresh, **STRANGER).status == 403,
   "one that was taken back opens nothing")
ok(lodge("link", "alice", "--revoke").returncode == 2 and lodge("link", "alcie").returncode == 4, "what is wrong with the words is told")
os.makedirs(W + "/d.d", exist_ok=True)
with open(W + "/d.yaml", "w") as f:
    f.write("network: 10.79.0.0/24\nstate: %s/d\nrun: %s/d/run\nuser: nobody\nweb: {listen: 127.0.0.1:8079}\ninclude: d.d/*.yaml\n" % (W, W))
for name, n in (("erin", 2), ("frank", 3)):
    with open(W + "/d.d/%s.yaml" % name, "w") as f:
        f.write("guests: {%s: {address: 10.79.0.%d}}\n" % (name, n))
os.makedirs(W + "/d")
both = [lodge("link", n, file="d.yaml").stdout.rsplit("/", 1)[-1] for n in ("erin", "frank")]
went = lodge("guest", "destroy", "--yes", "erin", file="d.yaml")
with open(W + "/d/web/links") as f:
    left = f.read()
ok(both[0] and both[0] not in left and "erin" not in left and "frank " + both[1] in left and not os.path.exists(W + "/d.d/erin.yaml"),
   "a guest that is destroyed takes its link along, and no other", (went, left))
with open(W + "/web/links") as f:
    links = f.read()
with open(W + "/web/links", "w") as f:
    f.write(links[:-9])
ok(get("/", token=owner, **STRANGER).status == 403 and "no link" in web_status()["links_error"], "half a file opens nothing, and is told of")
with open(W + "/web/links", "w") as f:
    f.write(links)
ok(get("/", token=owner, **STRANGER).status == 200, "until it is whole")

# --- what there is -----------------------------------------------------------------------------------------------------


def of_owner(path):
    return get(path, token=owner)


ok(of_owner("/g/alice/hour.csv").text == lodge("usage", "alice", "--by", "hour", "--csv").stdout.replace("\n", "\r\n").replace("\r\r", "\r"),
   "CSV is what lodge usage has", of_owner("/g/alice/hour.csv").text[:300])
a, b = json.loads(of_owner("/api/v1/guests").text), json.loads(lodge("usage", "-j").stdout)
ok([{k: v for k, v in g.items() if not k.startswith("p")} for g in a["guests"]] ==
   [{k: v for k, v in g.items() if not k.startswith("p")} for g in b["guests"]] and a["version"] == 1, "and so is JSON", (a, b))
ok([g["name"] for g in json.loads(get("/api/v1/guests", token=bob).text)["guests"]] == ["bob"], "a tenant's has the tenant")
got = of_owner("/metrics").text
ok('lodge_guest_bytes_total{guest="alice",direction="to_guest",class="wan"} %d\n' % alice_sums[0] in got, "metrics count bytes", got[:500])
ok("lodge_ledger_up 1\n" in got and 'lodge_guest_quota_bytes{guest="bob"} 10000000000\n' in got, "and say how it is", got)
ok("alice" not in get("/metrics", token=bob).text, "a tenant's count the tenant")
kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", got, re.M))
families = [re.match(r"[a-z_]+", l)[0] for l in got.splitlines() if not l.startswith("#")]
samples = re.findall(r"^([a-z_]+(?:\{[^}]*\})?) \d+$", got, re.M)
ok(len(samples) == len(set(samples)) == len(families) and set(kinds) == set(families) and got.count("# HELP ") == len(kinds),
   "each sample is there once, and of each name is said what it is", (len(samples), len(families), kinds))
ok(all((k == "counter") == n.endswith("_total") for n, k in kinds.items()) and
   [f for i, f in enumerate(families) if i == 0 or families[i - 1] != f] == list(dict.fromkeys(families)), "counters are totals, and a name's samples stand together", kinds)
ok(all(re.fullmatch(r"lodge(_[a-z]+)+_(bytes|bytes_total|timestamp_seconds|packets_total)|lodge_ledger_up|lodge_guest_readable", n) for n in kinds),
   "each name ends with what it counts in Prometheus's base units, or answers with 0 or 1", list(kinds))
ok(set(re.findall(r"^lodge_(?:ledger_up|guest_readable)\S* (\S+)$", got, re.M)) <= {"0", "1"}, "and no other", got)
ok(of_owner("/tap2").text.startswith("alice, 1 to "), "the text of a tap is its guest's", of_owner("/tap2").text[:100])
page = of_owner("/").text
ok("not in the file" in page and ">gone</a>" in page, "who vanished is told of")
before = web_status()["made"]
ok({of_owner("/page/%d" % n).status for n in range(2, 22)} == {get("/page/2", token=bob).status} == {404}, "beyond the last page of all there is none")
ok(web_status()["made"] == before, "and nothing is made of that", (before, web_status()["made"]))
ok({get(p, token=t).status for p in ("/style.css", "/live.js", "/healthz") for t in (owner, bob)} == {200}, "what goes with a page all have")
ok(web_status()["made"] - before <= 3, "made once", (before, web_status()["made"]))
ok(of_owner("/g/gone").status == 200 and "does not name this guest any more" in of_owner("/g/gone").text, "and has a page")
page = of_owner("/g/bob")
ok("The quota is used up: bob is cut off until 1 " in page.text, "the quota says what it led to", page.text[:3000])
for field in ("content-security-policy", "x-content-type-options", "referrer-policy", "cache-control"):
    ok(field in page.fields, "a page has " + field)
ok("'unsafe" not in page.fields["content-security-policy"] and " style=" not in page.text and "<style" not in page.text, "no style or script is inline")
raw = b"GET /g/alice HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n" % owner.encode()
ok(len(get("", raw=raw).body) < 15000, "packed it is below 15 kB", len(get("", raw=raw).body))
ok(get("/", token=owner, method="POST").status == 405 and get("/", token=owner, method="HEAD").body == b"", "it is only to be read")

# --- hands full --------------------------------------------------------------------------------------------------------

slow = [socket.create_connection(("127.0.0.1", TLS)) for _ in range(60)]
for s in slow:
    s.sendall(hello(NAME.encode())[:40])
began = time.time()
ok(get("/g/alice", source=ALICE).status == 200 and time.time() - began < 2, "sixty who say half a hello slow nobody")
for s in slow:
    s.close()
many = []
for _ in range(40):
    s = socket.create_connection(("127.0.0.1", PORT), source_address=(BOB, 0))
    s.sendall(b"GET / HTTP/1.1\r\n")
    many.append(s)
ok(within(10, lambda: web_status()["connections"]["per_client"] >= 8), "one client has 32 connections and no more", web_status()["connections"])
ok(get("/g/alice", source=ALICE).status == 200, "others have theirs")
for s in many:
    s.close()
s = socket.create_connection(("127.0.0.1", PORT))
s.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 100000)
s.settimeout(20)
with contextlib.suppress(ConnectionResetError):
    got = drain(s)
ok(b" 200 " not in got[:20] and web_status()["name"] == "lodge-web", "a head without an end is refused", got[:60])
for junk in (b"\0" * 100, b"\x16\x03\x01\x00\x05hello", b"GET\r\n\r\n", b"GET /%00%0d%0aX HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             b"GET /../../etc/passwd HTTP/1.0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n\r\n\0\r\nQUIT\n" + b"\x21\x11\xff\xff"):
    with socket.create_connection(("127.0.0.1", PORT)) as s:
        s.settimeout(20)
        got = b""
        with contextlib.suppress(ConnectionError, OSError):
            s.sendall(junk)
            s.shutdown(socket.SHUT_WR)
            got = drain(s)
        ok(b" 200 " not in got[:20], "junk gets nothing: %r" % junk[:20], got[:60])

# Who is no process of ours says that they are alice.
told = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton(ALICE) + socket.inet_aton("10.77.0.1") + b"\x9c\x40\0\x50"
request = told + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
ok("<h1>alice</h1>" in get("", raw=request).text, "root, as the proxy, may say for whom it asks")
liar = subprocess.run(["setpriv", "--reuid", "1", "--regid", "1", "--clear-groups", "python3", "-c", """
import socket, sys
s = socket.create_connection(("127.0.0.1", %d))
s.sendall(bytes.fromhex(sys.argv[1]))
try:
    sys.stdout.write(repr(s.recv(4096)))
except ConnectionResetError:
    sys.stdout.write("b''")
""" % PORT, request.hex()], capture_output=True, text=True)
ok(liar.stdout == "b''" and web_status()["connections"]["liars"] >= 1, "another user of the host may not", liar)

# Whose end is bound to a device is no more root's for that root listens at its port.
bound = subprocess.Popen(["setpriv", "--reuid", "1", "--regid", "1", "--clear-groups", "python3", "-uc", """
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\\0")
s.bind(("127.0.0.1", 0))
s.connect(("127.0.0.1", %d))
print(s.getsockname()[1])
sys.stdin.readline()
s.sendall(bytes.fromhex(sys.argv[1]))
try:
    print(s.recv(4096))
except ConnectionResetError:
    print(b"")
""" % PORT, request.hex()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", int(bound.stdout.readline())))
    listener.listen(1)
    heard = bound.communicate("\n")[0]
ok(heard == "b''\n", "nor with a listener of root's at their port", heard)

# A page on an address of its own: the proxy comes from that address, and from elsewhere nothing counts that is not TLS.
with open(W + "/lodge.yaml") as f:
    text = f.read()
with open(W + "/own.yaml", "w") as f:
    f.write(text.replace("127.0.0.1:8077", "10.77.0.1:8076").replace("/run\n", "/own\n"))
os.makedirs(W + "/own", exist_ok=True)
for address in ("10.77.0.1", "192.0.2.9"):
    subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
other = subprocess.Popen([WEB, "-c", W + "/own.yaml"], stderr=open(W + "/own.log", "w"))
atexit.register(other.kill)
OWN, FAR = dict(source="10.77.0.1", port=8076, to="10.77.0.1"), dict(source="192.0.2.9", port=8076, to="10.77.0.1")


def serves():
    with contextlib.suppress(OSError):
        return get("/healthz", **OWN).status == 200


ok(within(20, serves), "a page may listen on an address of its own", open(W + "/own.log").read())
ok("<h1>alice</h1>" in get("", raw=request, **OWN).text, "and the proxy is believed there")
ok(get("", raw=request, **FAR).status == 0, "and nobody from elsewhere")
ok(get("/g/alice", token=owner, **OWN).status == 200, "a token counts on this host")
ok(get("/g/alice", token=owner, tls=True, **FAR).status == 200, "and from elsewhere over TLS")
got = get("/g/alice", token=owner, **FAR)
ok(got.status == 301 and got.fields["location"] == "https://usage.test/", "but not in the open", got.text[:200])
got = get("/k/" + alice, **FAR)
ok(got.status == 301 and "set-cookie" not in got.fields, "nor does a link", got.fields)
ok(get("/g/bob", token=owner, source=ALICE, port=8076, to="10.77.0.1").status == 200, "a guest's own way here is no open air")
other.terminate()
ok(other.wait(20) == 0, "it ends, too")

# --- Redis goes, and is spoilt -------------------------------------------------------------------------------------------

before = of_owner("/g/alice").text
live = Stream("/g/alice/live", ALICE)
ok(within(20, lambda: live.rates()), "a rate goes on", live.got)
redis.stop()
time_of_death = time.time()
ok(within(20, lambda: "does not answer" in of_owner("/g/alice").text), "without Redis the page says so")
got = of_owner("/g/alice")
ok(got.status == 200 and re.search(r"last known numbers, of \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\), \d+s old", got.text) and
   re.search(r'class="big">([^<]*)', got.text)[1] == re.search(r'class="big">([^<]*)', before)[1], "with the last numbers and their age", got.text[:1500])
ok("redis" not in get("/", source=ALICE).text.lower(), "a tenant is not told where Redis was")
ok(get("/healthz").status == 503 and within(5, lambda: "lodge_ledger_up 0\n" in of_owner("/metrics").text), "programs are told, too")
got = json.loads(of_owner("/api/v1/guests").text)
ok(got["ledger"]["error"] and [g["name"] for g in got["guests"]] == ["alice", "bob", "dora", "gone"], "JSON has them, and says how old they are", got)
past = len(live.rates())
away = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", W + "/away.sock", "--dir", W, "--appendonly", "yes", "--save", ""],
                        stdout=subprocess.DEVNULL)
ok(within(20, lambda: subprocess.run(["redis-cli", "-s", W + "/away.sock", "HINCRBY", "lodge:{alice}:cur", "to_guest", "1000000000"],
                                     capture_output=True, text=True).stdout.strip().isdigit()), "meanwhile she moves a gigabyte")
away.terminate()
away.wait()
redis.start()
ok(within(40, lambda: len(live.rates()) > past), "a rate goes on when Redis is back, also when nobody asks for pages", live.got)
ok(live.rates()[past:][:1] == [(0, 0)], "and what moved meanwhile did not move in a second", live.rates())
live.close()
ok(within(30, lambda: get("/healthz").status == 200 and "does not answer" not in of_owner("/g/alice").text), "and it comes back by itself")
redis("HSET", "lodge:{alice}:h:" + utc(NOW).strftime("%Y%m%d"), "07", "1 2 3 4")
ok(within(20, lambda: "numbers cannot be read" in of_owner("/g/alice").text), "a key that is no number is trouble, and told")
ok("does not answer" not in get("/g/bob", token=bob).text, "of bob there is none")
redis("HDEL", "lodge:{alice}:h:" + utc(NOW).strftime("%Y%m%d"), "07")
ok(within(40, lambda: "cannot be read" not in of_owner("/g/alice").text), "until it is gone")

# --- other files ---------------------------------------------------------------------------------------------------------

until = web_status()["certificate"]["until"]
certify("other", 30)
shutil.copy(W + "/other.key", W + "/usage.test.key")
ok(within(30, lambda: "not the certificate's" in web_status()["certificate"]["error"]), "half a new certificate is not taken", web_status()["certificate"])
first = W + "/first.crt"
long = ssl.create_default_context(cafile=W + "/usage.test.crt").wrap_socket(socket.create_connection(("127.0.0.1", PORT)), server_hostname=NAME)


def on_the_long_one():
    long.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    said = b""
    while not said.endswith(b"ok\n") and (more := long.recv(65536)):
        said += more
    return said.startswith(b"HTTP/1.1 200")


ok(on_the_long_one(), "a connection is there")
shutil.copy(W + "/usage.test.crt", first)
ok(get("/", token=owner, port=TLS, tls=first).status == 200, "the old one stays")
shutil.copy(W + "/other.crt", W + "/usage.test.crt")
ok(within(30, lambda: web_status()["certificate"]["until"] > until), "the whole is, without a restart", web_status()["certificate"])
ok(get("/", token=owner, port=TLS, tls=True).status == 200, "and shown to clients")
ok(on_the_long_one(), "without a word to who was connected")
long.close()
ok(within(90, lambda: minute.ended) and 59 < minute.ended - minute.began < 85 and minute.got.endswith(b"0\r\n\r\n"),
   "a rate goes on for a minute, and then whoever looks is asked who they are again", (minute.began, minute.ended, minute.got[-100:]))
write_conf(then="warn")
web.p.send_signal(signal.SIGHUP)
ok(within(20, lambda: "it is a warning only" in of_owner("/g/bob").text), "a reload shows what the file says now", web_log())
with open(W + "/lodge.yaml", "a") as f:
    f.write("nonsense: 1\n")
web.p.send_signal(signal.SIGHUP)
ok(within(20, lambda: "reload refused: " in web_log()), "a mistake changes nothing", web_log())
ok(of_owner("/g/bob").status == 200, "and the page goes on")
live = Stream("/g/alice/live", ALICE)
ok(within(20, lambda: live.rates()), "a rate goes on", live.got)
write_conf(then="cut")
web.p.send_signal(signal.SIGHUP)
ok(within(20, lambda: live.ended and live.got.endswith(b"0\r\n\r\n")) and b"retry: 1000" in live.got,
   "until a reload", live.got)

# --- a hundred guests, each with numbers, a quota and names of its own ------------------------------------------------

write_conf(then="cut")
with open(W + "/lodge.yaml", "a") as f:
    for n in range(97):
        f.write("  guest-%02d: {address: 10.77.0.%d, domains: [site-%d.example.org], quota: {month: %dGB, then: warn}}\n" % (n, n + 100, n * 7919 % 1000, n + 1))
redis("EVAL", """for n = 0, 96 do
    local name, to, from = string.format('guest-%02d', n), n * 7919 % 9973 * 1000003, n * 6271 % 9967 * 100019
    redis.call('SADD', 'lodge:guests', name)
    for _, key in ipairs({'m:' .. ARGV[1], 'cur'}) do
        redis.call('HSET', 'lodge:{' .. name .. '}:' .. key, 'to_guest', to, 'from_guest', from, 'billed', to + from, 'ts', ARGV[3] - n * 97)
    end
    local slot = to .. ' ' .. from .. ' ' .. to .. ' ' .. from .. ' ' .. to + from .. ' 0'
    redis.call('HSET', 'lodge:{' .. name .. '}:d:' .. string.sub(ARGV[2], 1, 4), string.sub(ARGV[2], 5), slot)
end""", 0, utc(NOW).strftime("%Y%m01"), utc(NOW).strftime("%Y%m%d"), NOW)
web.p.send_signal(signal.SIGHUP)
ok(within(30, lambda: len(re.findall(r">guest-\d\d</a>", of_owner("/").text)) == 97 and not re.search("reading|does not answer", of_owner("/").text)),
   "the page of all has a hundred guests", (web_log()[-600:], of_owner("/").text[:3000]))
home = get("", raw=raw.replace(b"/g/alice", b"/")).body
ok(home[:2] == b"\x1f\x8b" and len(home) < 15000, "packed it is below 15 kB, too", len(home))
state = open("/proc/%d/status" % web.p.pid).read()
ok(re.search(r"^CapEff:\s+0+$", state, re.M) and re.search(r"^Uid:\s+65534", state, re.M) and re.search(r"^Seccomp:\s+2$", state, re.M) and
   re.search(r"^NoNewPrivs:\s+1$", state, re.M), "it has no capability, no root, and a filter", state)
ok(within(60, lambda: web_status()["connections"]["open"] == 0), "whoever came is gone", web_status()["connections"])
with socket.create_connection(("127.0.0.1", PORT), source_address=(ALICE, 0), timeout=60) as s:
    s.sendall(b"GET /g/alice/live HTTP/1.1\r\nHost: x\r\n\r\n")
    got = b""
    while b"data: {" not in got:
        got += s.recv(4096)
    ok(web_status()["streams"] == 1, "a rate that goes on is counted")
    web.p.send_signal(signal.SIGTERM)
    ok(drain(s).endswith(b"0\r\n\r\n"), "and is ended in order when the page is told to end")
ok(web.p.wait(60) == 0, "it ends when it is told to")
done()
