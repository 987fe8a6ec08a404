"""See tests/system/proxy_seen."""
import re
import house
from house import *

house.YAML = house.YAML.replace("connect: 2s", "connect: 1s") + "%(guests)s"
CAROL = "  carol:\n    address: 10.77.0.4\n    domains: [carol.test]\n    proxy-to: {http: 9080, tls: 9443}\n"
house.DEFAULTS.update(guests=CAROL, hello="1s")

# The whole grammar of a line: no stranger may write one that this does not know.
LINE = re.compile(r"^(?:<6>)?lodge-proxy: (?P<door>http|tls) client=(?P<client>127\.0\.0\.1:\d+|\[::1\]:\d+) name=(?P<name>[a-z0-9._-]+) "
                  r"guest=(?P<guest>[a-z0-9-]+) (?:requests=(?P<requests>\d+) )?to_guest=(?P<to>\d+) from_guest=(?P<from>\d+) "
                  r"guest_ms=(?P<reached>\d+|-) first_ms=(?P<first>\d+|-) ms=(?P<ms>\d+) "
                  r"end=(?P<end>[a-z_]+)(?: why=\"(?P<why>[^\"]+)\")?$")


def ends(test):
    """The fields of the one line that the test's connection wrote."""
    within(5, all_lines)
    before, open_before = len(lines()), status()["open"]
    test()
    within(20, lambda: len(lines()) > before and status()["open"] <= open_before)
    new = lines()[before:]
    found = LINE.match(new[0]) if len(new) == 1 else None
    return found.groupdict() if found else {"end": "", "all": new}


def send(request, port=HTTP, read=True):
    def run():
        with contextlib.suppress(OSError), dial(port) as s:
            s.sendall(request)
            if read:
                drain(s)
    return run


def answer_kept(c):
    while c.recv(65536):
        c.sendall(OK.replace(b"Connection: close\r\n", b""))


def curl(*args):
    return subprocess.run(["curl", "-sk", "-m", "5", "-o", "/dev/null", "-w", "%{size_request} %{size_header} %{size_download}",
                           *args], capture_output=True, text=True).stdout


subprocess.run(["ip", "addr", "add", "10.77.0.4/32", "dev", "lo"], check=True)
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", W + "/key",
                "-out", W + "/cert", "-days", "30", "-subj", "/CN=alice.test"], check=True, capture_output=True)
setup((ALICE, 9080, answer_ok), ("10.77.0.4", 9443, answer_echo), (DORA, 9080, answer_kept))
server = subprocess.Popen(["openssl", "s_server", "-accept", "10.77.0.2:9443", "-key", W + "/key", "-cert", W + "/cert", "-www"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
atexit.register(server.kill)
proxy = Proxy()
within(20, lambda: status()["open"] == 0)
first, log_first = status()["guests"]["alice"], len(lines())

# --- real clients: what curl and openssl count is what the line and the status say ---------------------------

sizes = []
got = ends(lambda: sizes.extend(map(int, curl("--resolve", "ALICE.test.:8080:127.0.0.1", "http://ALICE.test.:8080/x").split())))
ok(got["end"] == "done" and got["door"] == "http" and got["name"] == "alice.test" and got["guest"] == "alice",
   "curl's request has its line, with the name as it was judged", got)
ok(sizes and int(got["from"]) == sizes[1] + sizes[2] and int(got["to"]) - sizes[0] in (0, len("Connection: close\r\n")),
   "and the bytes that curl counts, or what a head was rewritten to", (got, sizes))
got = ends(lambda: subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:8443", "-servername", "alice.test", "-ign_eof"],
                                  input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=10))
ok(got["end"] == "done" and got["door"] == "tls" and int(got["from"]) > 1000, "so has a handshake of openssl s_client", got)
now = status()["guests"]["alice"]
ok([now["routed"][d] - first["routed"][d] for d in ("http", "tls")] == [1, 1], "each is counted at its door", now)


def sums(guest):
    said = [m.groupdict() for m in map(LINE.match, lines()) if m and m["guest"] == guest]
    return sum(int(m["to"]) for m in said), sum(int(m["from"]) for m in said)


def counted(of):
    return of["to_guest"], of["from_guest"]


ok(counted(now) == sums("alice"), "the counts of a guest are the sum of its lines", (now, sums("alice")))
ok(counted(status()) == sums("alice"), "and those of all guests are the totals", status())

# --- every refusal has its word, its count, and one line ------------------------------------------------------

tls = lambda name: hello(name)
cases = [
    ("unknown_name", send(REQUEST % b"nobody.test"), "-"),
    ("unknown_name", send(tls(b"nobody.test"), TLS), "-"),
    ("malformed", send(REQUEST % b"a b"), "-"),
    ("malformed", send(b"\x16\x03\x01\0\0", TLS), "-"),
    ("no_name", send(hello(b"x")[:5 + 4 + 34] + b"", TLS), "-"),
    ("slow", send(b"GET / HTTP/1.1\r\n"), "-"),
    ("guest_down", send(REQUEST % b"bob.test"), "bob"),
    ("guest_down", send(tls(b"bob.test"), TLS), "bob"),
    ("cut", send(b"GET / HTTP/1.1\r\n", read=False), "-"),
]
bare = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
cases[4] = ("no_name", send(b"\x16\x03\x01" + (len(bare) + 4).to_bytes(2, "big") + b"\x01" + len(bare).to_bytes(3, "big") + bare, TLS), "-")
for word, test, guest_name in cases:
    before = status()["refused"].get(word, 0)
    got = ends(test)
    ok(got["end"] == word and got["guest"] == guest_name and got["why"] and got["to"] == got["from"] == "0",
       "%s has its line" % word, got)
    if word != "cut":
        ok(status()["refused"][word] == before + 1, "and is counted once", status()["refused"])
ok(status()["guests"]["bob"]["refused"] == {"guest_down": 2}, "where a guest is known, under its name", status()["guests"]["bob"])

# --- what is wrong behind a good request is not its guest's --------------------------------------------------------

kept = b"GET / HTTP/1.1\r\nHost: dora.test\r\n\r\n"
for word, second, guest_name in (("malformed", b"GET / HTTP/9\r\n\r\n", "-"), ("unknown_name", REQUEST % b"nobody.test", "-"), ("guest_down", REQUEST % b"bob.test", "bob"),
                                 ("malformed", b"POST / HTTP/1.1\r\nHost: bob.test\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "bob")):
    before = status()
    got = ends(send(kept + second))
    ok(got["end"] == word and got["guest"] == guest_name and int(got["from"]) > 0, "%s behind an answer, of %s" % (word, guest_name), got)
    now = status()
    counted_ = {g: sum(v["refused"].values()) - sum(before["guests"][g]["refused"].values()) for g, v in now["guests"].items()}
    ok({g for g, n in counted_.items() if n} == {guest_name} - {"-"} and now["refused"][word] == before["refused"][word] + 1, "is counted there", counted_)

# --- a stranger writes no line and no field ---------------------------------------------------------------------

n = len(log().splitlines())
forged = b"lodge-proxy: http client=192.0.2.1:1 name=x guest=alice to_guest=0 from_guest=0 ms=0 end=done"
shapes = [REQUEST % (b"a\r\n " + forged), REQUEST % (b"a\n" + forged), REQUEST % b'x" end="done', REQUEST % b"alice.test\r\nHost: \x1b[2J",
          REQUEST % b"\xff\xfe", REQUEST % (b"y" * 300 + b".test"), b"GET / HTTP/1.1\r\n" + forged + b"\r\n\r\n", forged + b"\n", b"\n" * 5000,
          b"GET http://e=f%20name=bob/ HTTP/1.1\r\nHost: guest=bob\r\n\r\n"]
for shape in shapes:
    send(shape)()
    send(hello(shape[:200].replace(b"\r", b"")), TLS)()
within(20, lambda: status()["open"] == 0)
within(20, lambda: len(log().splitlines()) >= n + 2 * len(shapes))
new = log().splitlines()[n:]
odd = [l for l in new if not LINE.match(l)]
ok(len(new) == 2 * len(shapes) and not odd, "%d forged connections write as many lines, all of our grammar" % len(shapes * 2), (len(new), odd))
ok(all(LINE.match(l)["guest"] == "-" for l in new), "and none of them claims a guest", new)

# --- counts are of now, outlive a worker, and a reload ----------------------------------------------------------

s = dial(TLS)
s.sendall(hello(b"carol.test") + b"x" * 100000)
got = 0
while got < 100000:
    got += len(s.recv(65536))
passing = lambda of: of["open"] == 1 and of["to_guest"] > 100000 and of["from_guest"] >= 100000
ok(within(5, lambda: passing(status()["guests"]["carol"])), "bytes are counted while they pass", status()["guests"]["carol"])
carol = status()["guests"]["carol"]
for pid in workers():
    os.kill(pid, signal.SIGKILL)
within(20, lambda: all(workers()) and answered(ask()))
within(20, lambda: status()["open"] == 0)
after = status()["guests"]["carol"]
ok(after == {**carol, "open": 0}, "a killed worker takes along what was open, and no count", (carol, after))
totals = counted(status())

s = dial(TLS)
s.sendall(hello(b"carol.test"))
s.recv(65536)
ok(proxy.reload(guests=""), "a reload without her")
carol = status()["guests"].get("carol", {})
ok(carol.get("left") and carol["open"] == 1, "a guest who left the file is shown while she is counted", status()["guests"])
ok(proxy.reload(guests="") and "carol" in status()["guests"], "so long as she has a connection")
s.close()
within(20, lambda: status()["open"] == 0)
ok(proxy.reload(guests="") and "carol" not in status()["guests"], "then she is gone", status()["guests"])
ok(all(a >= b for a, b in zip(counted(status()), totals)) and totals[0] > 100000, "but not out of the totals", (totals, status()))
ok(proxy.reload(guests=CAROL) and counted(status()["guests"]["carol"]) == (0, 0), "one of her name begins anew", status()["guests"])

# --- the screen ---------------------------------------------------------------------------------------------------

screen = subprocess.run([os.environ["LODGE_BUILD"] + "/lodge", "-c", W + "/lodge.yaml", "status"], capture_output=True, text=True).stdout
want = status()
line = [l for l in screen.splitlines() if l.startswith("proxy: ")]
ok(line and re.match(r"proxy: \d+ connections now, %d routed, \d+ refused \(\d+ [a-z_]+, \d+ [a-z_]+, \d+ [a-z_]+, …\)$" % want["routed"], line[0]),
   "lodge status says the proxy's numbers in one line", screen)
done()
