"""See tests/system/h2c_refused."""
import re
from house import *

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, payload=b"", flags=0, stream=0):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


SETTINGS = frame(4)
GET = frame(1, b"\x82\x86\x84\x41\x0aalice.test", 5, 1)  # indexed but for the authority, which is plain


def frames(got):
    """Type, flags, stream and payload of each; what is no whole frame is one of type -1."""
    out = []
    while got:
        n = int.from_bytes(got[:3], "big")
        if len(got) < 9 + n:
            return out + [(-1, 0, 0, got)]
        out.append((got[3], got[4], int.from_bytes(got[5:9], "big"), got[9:9 + n]))
        got = got[9 + n:]
    return out


def say(*parts, end=False):
    with dial() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            s.sendall(part)
        if end:
            s.shutdown(socket.SHUT_WR)
        return frames(drain(s))


def kinds(got):
    return [f[0] for f in got]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=30, errors="replace")


seen = W + "/seen"
KEPT = OK.replace(b"Connection: close\r\n", b"")


def answer_noting(c):
    with open(seen, "ab") as f:
        f.write(got := c.recv(65536))
    c.sendall(KEPT if b"/kept" in got else OK)
    c.recv(1)


setup((ALICE, 9080, answer_noting))
proxy = Proxy(hello="2s")
within(5, lambda: status()["open"] == 0)
os.truncate(seen, 0)
routed = status()["routed"]

# --- real clients ------------------------------------------------------------------------------------------------

curl = ["curl", "-s", "-m", "10", "--http2-prior-knowledge", "-w", " %{http_code} %{http_version}", "--resolve", "alice.test:8080:127.0.0.1"]
got, said = line(lambda: run(*curl, "http://alice.test:8080/x"))
ok(got.returncode == 0 and got.stdout.endswith(" 421 2") and "use HTTP/1.1 or TLS" in got.stdout, "curl shows the 421 and its page", got)
ok(re.search(r" name=- guest=- requests=0 to_guest=0 from_guest=0 .* end=h2c why=\"HTTP/2 without TLS is not routed; use HTTP/1.1 or TLS\"$", said),
   "in the log it is one line", said)
ok(status()["refused"]["h2c"] == 1 and status()["refused"]["malformed"] == 0, "counted under its reason", status()["refused"])
got = run(*curl, "-d", "a=b", "http://alice.test:8080/x")
ok(got.returncode == 0 and got.stdout.endswith(" 421 2") and "use HTTP/1.1" in got.stdout, "the same for a POST", got)
got = run(*curl, "-I", "http://alice.test:8080/x")
ok(got.returncode == 0 and got.stdout.endswith(" 421 2") and "use HTTP/1.1" not in got.stdout, "and for HEAD, which has no page", got)
with open(W + "/big", "wb") as f:
    f.truncate(1 << 20)
got = run(*curl, "-T", W + "/big", "http://alice.test:8080/x")
ok(" 421 2" in got.stdout, "and for an upload that goes on for a while", got)
got = run("nghttp", "-v", "http://127.0.0.1:8080/x")
out = got.stdout
ok(":status: 421" in out and "HTTP_1_1_REQUIRED" in out and "use HTTP/1.1 or TLS" in out, "nghttp reads it, and why", out or got)
ok(out.count("recv SETTINGS frame") == 2 and "PROTOCOL_ERROR" not in out, "and finds nothing wrong with it", out or got)
got = run("h2load", "-n", "20", "-c", "4", "http://127.0.0.1:8080/")
ok(re.search(r"0 2xx, 0 3xx, (\d+) 4xx, 0 5xx", got.stdout) and int(re.search(r"(\d+) 4xx", got.stdout)[1]) >= 4,
   "h2load counts them as answered with 4xx", got.stdout)
got = run("curl", "-s", "-m", "10", "--http2", "-w", " %{http_code} %{http_version}", "--resolve", "alice.test:8080:127.0.0.1", "http://alice.test:8080/x")
ok(got.stdout == "yes 200 1.1", "a client that only offers it is served by HTTP/1.1", got)
routed += 1

# --- however it is cut -----------------------------------------------------------------------------------------------

whole = PREFACE + SETTINGS + GET
want = [4, 4, 1, 0, 7]
for title, parts in (("at once", [whole]), ("byte by byte", [whole[i:i + 1] for i in range(len(whole))]),
                     ("the preface cut in front of SM", [whole[:18], whole[18:]]), ("with more behind it", [whole + GET * 20])):
    got = say(*parts)
    ok(kinds(got) == want and got[2][3].startswith(b"\x08\x03421") and got[3][1] == 1, title, got)
got = say(PREFACE + frame(4, b"\0\4" + (0).to_bytes(4, "big")) + GET)
ok(kinds(got) == [4, 4, 1, 7] and got[2][1] & 1, "who gives no window gets no page", got)

# --- what is no HTTP/2, or never becomes a request ---------------------------------------------------------------------

for title, bytes_, end in (("a request before the settings", PREFACE + GET, False), ("DATA before a request", PREFACE + SETTINGS + frame(0, b"x", 1, 1), False),
                           ("a frame of 16385 bytes", PREFACE + SETTINGS + b"\0\x40\x01\x06" + bytes(5), False),
                           ("32 KiB of pings", PREFACE + SETTINGS + frame(6, bytes(8)) * 2000, False)):
    before = status()["refused"]["malformed"]
    got, said = line(lambda: say(bytes_))
    ok(kinds(got)[-1] == 7 and 1 not in kinds(got) and got[-1][3][4:8] == b"\0\0\0\1" and "end=malformed" in said and
       status()["refused"]["malformed"] == before + 1, title + " ends with GOAWAY and PROTOCOL_ERROR", (got, said))
with dial() as s:
    s.sendall(b"PRI * HTTP/2.0\r\nHost: alice.test\r\n\r\n")
    got = drain(s)
ok(got.startswith(b"HTTP/1.1 421 "), "what only looks like it is told so in HTTP/1", got)
with dial() as s:
    s.sendall(b"GET /kept HTTP/1.1\r\nHost: alice.test\r\n\r\n" + whole)
    got = drain(s)
ok(got.startswith(KEPT + b"HTTP/1.1 421 "), "behind a request of HTTP/1 it is no request", got)
routed += 1
began = time.time()
got, said = line(lambda: say(PREFACE + SETTINGS))
ok(kinds(got) == [4, 4, 7] and 1.5 < time.time() - began < 10 and "end=slow" in said, "who asks for nothing is ended in time", (got, said))
got, said = line(lambda: say(PREFACE + SETTINGS, end=True))
ok("end=cut" in said and "ended before a whole request" in said, "who ends before it is only logged", (got, said))
got = say(whole, end=True)
ok(kinds(got) == want, "who ends behind it is answered", got)

ok(status()["routed"] == routed and b"PRI" not in open(seen, "rb").read(), "no guest saw any of it", open(seen, "rb").read()[:300])
ok(within(5, lambda: status()["open"] == 0 and status()["held_bytes"] == 0), "and nothing is left", status())
done()
