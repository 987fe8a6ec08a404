"""See tests/system/https_redirect."""
import re, ssl
import house
from house import *

house.YAML = house.YAML.replace("    domains: [%(alice)s%(more)s]\n", "    domains: [%(alice)s%(more)s]\n    redirect-https: %(redirect)s\n")
house.DEFAULTS.update(redirect="yes", tls="[8443, 8444]")
URL = "http://alice.test:8080"


def answer_seen(c):
    """Each request of a connection is answered with its own head."""
    got = b""
    while True:
        while b"\r\n\r\n" not in got:
            more = c.recv(65536)
            if not more:
                return
            got += more
        head, got = got.split(b"\r\n\r\n", 1)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head) + head)


def answer_tls(c):
    with CONTEXT.wrap_socket(c, server_side=True) as t:
        answer_seen(t)


def curl(*args):
    """Status, redirects, where it ended; and the body."""
    out = subprocess.run(["curl", "-sk", "-m", "10", "--path-as-is", "-o", W + "/out", "-w", "%{http_code} %{num_redirects} %{url_effective}",
                          *[x for h in ("alice", "bob") for p in (8080, 8443, 443) for x in ("--resolve", "%s.test:%d:127.0.0.1" % (h, p))],
                          *args], capture_output=True, text=True).stdout
    return out.split(), open(W + "/out", "rb").read()


def location(request):
    """Status and Location, as they are sent."""
    with dial() as s:
        s.sendall(request)
        got = drain(s)
    head = got.split(b"\r\n\r\n")[0].split(b"\r\n")
    return head[0][9:12].decode(), [h[10:].decode() for h in head if h.lower().startswith(b"location: ")], got


subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", W + "/key",
                "-out", W + "/cert", "-days", "30", "-subj", "/CN=alice.test"], check=True, capture_output=True)
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain(W + "/cert", W + "/key")
setup((ALICE, 9080, answer_seen), (ALICE, 9443, answer_tls), (BOB, 9080, answer_seen))
house.ask.__defaults__ = (b"bob.test",) + house.ask.__defaults__[1:]
house.answered = lambda got: got.startswith(b"HTTP/1.1 200")
proxy = Proxy()

# --- a browser's way ------------------------------------------------------------------------------------------

got, body = curl("-L", URL + "/a/b?c=d&e=f")
ok(got == ["200", "1", "https://alice.test:8443/a/b?c=d&e=f"] and body.startswith(b"GET /a/b?c=d&e=f HTTP/1.1\r\nHost: alice.test:8443"),
   "curl -L ends at the guest over TLS, at the same place", (got, body))
got, body = curl("-L", "-d", "x=1", URL + "/form")
ok(got[:2] == ["200", "1"] and body.startswith(b"POST /form "), "a POST stays one", (got, body))
got, body = curl("-L", "-I", URL + "/")
ok(got[:2] == ["200", "1"], "HEAD", got)
got, body = curl("-L", "-X", "DELETE", URL + "/thing")
ok(got[:2] == ["200", "1"] and body.startswith(b"DELETE /thing "), "DELETE", (got, body))
for method, status_ in (("GET", "301"), ("HEAD", "301"), ("POST", "308"), ("PUT", "308"), ("OPTIONS", "308")):
    got, where, all_ = location(b"%s /x HTTP/1.1\r\nHost: alice.test\r\nContent-Length: 3\r\n\r\nabc" % method.encode())
    ok(got == status_ and where == ["https://alice.test:8443/x"] and (all_.endswith(b"\r\n\r\n") == (method == "HEAD")),
       "%s is %s" % (method, status_), all_)
got, body = curl(URL.replace("alice", "bob") + "/x")
ok(got[:2] == ["200", "0"], "another guest is not touched by it", got)

# --- only a judged name and a target go back ------------------------------------------------------------------

for target, host, want in ((b"/", b"ALICE.test.:8080", "/"), (b"http://www.alice.test/x?y", b"www.alice.test", "/x?y"),
                           (b"http://alice.test?y", b"alice.test", "/?y"), (b"*", b"alice.test", "/"),
                           (b"//evil.test/%0d%0aSet-Cookie:%20x", b"alice.test", "//evil.test/%0d%0aSet-Cookie:%20x"),
                           (b"/\xc3\xbc<script>\"'\\", b"alice.test", "/%C3%BC%3Cscript%3E%22'%5C"), (b"/x#y", b"alice.test", "/x")):
    method = b"OPTIONS" if target == b"*" else b"GET"
    got, where, all_ = location(b"%s %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (method, target, host))
    name = "www.alice.test" if b"www" in host else "alice.test"
    ok(where == ["https://%s:8443%s" % (name, want)], "%s of %s" % (target.decode("latin1"), host.decode()), all_)
long_ = b"/" + b'"' * 15000
got, where, all_ = location(b"GET %s HTTP/1.1\r\nHost: alice.test\r\n\r\n" % long_)
ok(where == ["https://alice.test:8443/" + "%22" * 15000], "the longest target has room", len(all_))
for title, bytes_ in (("a CR LF in the target", b"GET /x\r\nX: y HTTP/1.1\r\nHost: alice.test\r\n\r\n"),
                      ("a bare LF", b"GET /x\nLocation: y HTTP/1.1\r\nHost: alice.test\r\n\r\n"),
                      ("a name that is none", b"GET / HTTP/1.1\r\nHost: evil.test/x.alice.test\r\n\r\n"),
                      ("a user in it", b"GET / HTTP/1.1\r\nHost: evil@alice.test\r\n\r\n")):
    got, where, all_ = location(bytes_)
    ok(got == "400" and not where, title + " is 400 as ever", all_)

# --- in order ---------------------------------------------------------------------------------------------------

with dial() as s:
    s.sendall(b"GET /1 HTTP/1.1\r\nHost: bob.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: alice.test\r\n\r\nGET /3 HTTP/1.1\r\nHost: bob.test\r\n\r\n")
    got = drain(s)
ok(re.fullmatch(rb"HTTP/1.1 200 OK\r\n.*GET /1 HTTP.*HTTP/1.1 301 .*Location: https://alice.test:8443/2\r\n.*", got, re.S) and b"/3" not in got,
   "behind another guest's answer, and the last of its connection", got)

# --- certificates -------------------------------------------------------------------------------------------------

got, body = curl("-L", URL + "/.well-known/acme-challenge/a-token_1")
ok(got[:2] == ["200", "0"] and body.startswith(b"GET /.well-known/acme-challenge/a-token_1 HTTP/1.1\r\nHost: alice.test"),
   "an ACME challenge by HTTP goes to the guest", (got, body))
with dial() as s:
    s.sendall(b"GET /.well-known/acme-challenge/1 HTTP/1.1\r\nHost: alice.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: alice.test\r\n\r\n")
    got = drain(s)
ok(b"GET /.well-known/acme-challenge/1 " in got and b"Location: https://alice.test:8443/2\r\n" in got, "what follows it does not", got)

# --- seen -----------------------------------------------------------------------------------------------------------

before = status()
line = lambda: [l for l in log().splitlines() if "/seen" in l or "name=seen.alice.test" in l]
location(b"GET /seen HTTP/1.1\r\nHost: seen.alice.test\r\n\r\n")
ok(within(5, lambda: len(line()) == 1), "one line")
ok(re.search(r" name=seen\.alice\.test guest=alice requests=1 to_guest=0 from_guest=0 guest_ms=- first_ms=- ms=\d+ end=redirected why=\"to https\"$",
             line()[0]), "of the usual grammar", line())
now = status()
ok(now["redirected"] == before["redirected"] + 1 and now["guests"]["alice"]["redirected"] == before["guests"]["alice"]["redirected"] + 1 and
   now["answered"] == before["answered"] + 1, "counted once, under the guest, too", now)
ok(now["refused"] == before["refused"] and now["routed"] == before["routed"] and now["guests"]["alice"]["refused"] == {},
   "neither as refused nor as routed", now)
ok(within(5, lambda: status()["guests"]["alice"]["open"] == 0), "and nothing is left open", status()["guests"])

# --- the port ---------------------------------------------------------------------------------------------------------

proxy.kill()
proxy = Proxy(tls="[8443, 443]")
got, body = curl("-L", URL + "/x")
ok(got == ["200", "1", "https://alice.test/x"] and body.startswith(b"GET /x HTTP/1.1\r\nHost: alice.test\r\n"), "with a door at 443 there is no port in it", (got, body))
ok(proxy.reload(tls="[8443, 443]", redirect="no"), "a reload takes it back")
got, body = curl("-L", URL + "/x")
ok(got[:2] == ["200", "0"], "at once", got)
done()
