"""See tests/system/tls_clients."""
import re
import house
from h3 import *

house.YAML += "  carol: {address: 10.77.0.4, domains: [carol.test], proxy-to: {http: 9080, tls: 9443}}\n"
CAROL = "10.77.0.4"
NAMES = {"alice": ALICE, "bob": BOB}


def run(*command, say=""):
    p = subprocess.run(command, input=say, capture_output=True, text=True, timeout=60, errors="replace")
    return p.stdout + p.stderr


def until(test, *command):
    """The same, of a client that stays until this is so."""
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    within(10, test)
    return p.communicate(timeout=60)[0]


def s_client(name, *options, say="GET / HTTP/1.0\r\n\r\n"):
    return run("openssl", "s_client", "-connect", "127.0.0.1:8443", "-servername", name, "-ign_eof", *options, say=say)


def gnutls(name, *options, say="GET / HTTP/1.0\r\n\r\n"):
    return run("gnutls-cli", "--no-ca-verification", "--sni-hostname=" + name, "--verify-hostname=" + name, "-p", "8443", *options, "127.0.0.1", say=say)


def whose(text):
    """The names in the certificates that a client tells of."""
    return set(re.findall(r"CN ?= ?([a-z]+)\.test", text))


def records(*options):
    """The sizes of the records of the hello that this client sends, seen by a server of our own."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        s.settimeout(10)
        p = subprocess.Popen(["openssl", "s_client", "-connect", "127.0.0.1:%d" % s.getsockname()[1], "-servername", "alice.test", *options],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with s.accept()[0] as c:
            c.settimeout(10)
            got, sizes = b"", []
            while len(got) < 4 or len(got) < 4 + int.from_bytes(got[1:4], "big"):
                head = c.recv(5, socket.MSG_WAITALL)
                sizes.append(int.from_bytes(head[3:], "big"))
                got += c.recv(sizes[-1], socket.MSG_WAITALL)
        p.wait()
    return sizes


def server(name, address, *options):
    background(["openssl", "s_server", "-accept", address + ":9443", "-key", W + "/%s.test.key" % name, "-cert", W + "/%s.test.crt" % name, "-www", *options],
               name + ".server")


for name, address in NAMES.items():
    site(name + ".test")
setup()
subprocess.run(["ip", "addr", "add", CAROL + "/32", "dev", "lo"], check=True)
background(["nghttpd", "-a", DORA, "-d", W + "/alice.test", "9443", W + "/alice.test.key", W + "/alice.test.crt"], "h2.server")
server("alice", ALICE, "-alpn", "http/1.1")
server("bob", BOB, "-alpn", "http/1.1")
proxy = Proxy()
within(10, lambda: whose(s_client("alice.test")) == {"alice"} and whose(s_client("bob.test")) == {"bob"})

for name in NAMES:
    for what, client, options in (("OpenSSL, TLS 1.3", s_client, ["-tls1_3"]), ("OpenSSL, TLS 1.2", s_client, ["-tls1_2"]),
                                  ("GnuTLS, TLS 1.3", gnutls, ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"]),
                                  ("GnuTLS, TLS 1.2", gnutls, ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2"])):
        got = client(name + ".test", *options)
        ok(whose(got) == {name} and "HTTP/1.0 200 ok" in got, "%s reaches %s" % (what, name), got[-500:])
got = s_client("bob.test", "-alpn", "h3,http/1.1,x")
ok("ALPN protocol: http/1.1" in got and whose(got) == {"bob"}, "ALPN is between client and guest", got[-500:])

# a hello in several records, as a real client cuts it
many = ["-max_send_frag", "512", "-split_send_frag", "512", "-alpn", ",".join("protocol-%04d" % i for i in range(100)) + ",http/1.1"]
sizes = records(*many)
ok(len(sizes) > 2 and max(sizes) <= 512, "openssl s_client cuts its hello into %d records" % len(sizes), sizes)
for name in NAMES:
    got = s_client(name + ".test", *many)
    ok(whose(got) == {name} and "HTTP/1.0 200 ok" in got, "so cut it reaches " + name, got[-500:])

# a session that goes on, with bytes before the handshake is over
carol = subprocess.Popen(["openssl", "s_server", "-accept", CAROL + ":9443", "-key", W + "/bob.test.key", "-cert", W + "/bob.test.crt", "-early_data"],
                         stdin=subprocess.PIPE, stdout=open(W + "/early.seen", "w"), stderr=subprocess.STDOUT)
atexit.register(carol.kill)
within(5, lambda: socket.create_connection((CAROL, 9443)).close() is None)
carol_client = ("openssl", "s_client", "-connect", "127.0.0.1:8443", "-servername", "carol.test")
until(lambda: os.path.getsize(W + "/session"), *carol_client, "-sess_out", W + "/session")
with open(W + "/early", "w") as f:
    f.write("before the handshake is over")
early = lambda: "before the handshake is over" in open(W + "/early.seen").read()
got = until(early, *carol_client, "-sess_in", W + "/session", "-early_data", W + "/early")
ok("Early data was accepted" in got and "Reused, TLSv1.3" in got and early(), "0-RTT bytes pass, and are accepted by the guest that gave the ticket", got[-800:])

# nobody's
got = s_client("nobody.test")
ok("unrecognized name" in got and not whose(got), "OpenSSL reads the alert for a name of nobody", got[-500:])
got = gnutls("nobody.test")
ok(re.search(r"[Tt]he server name sent was not recognized", got) and not whose(got), "and so does GnuTLS", got[-500:])
got = run("gnutls-cli", "--no-ca-verification", "--disable-sni", "-p", "8443", "127.0.0.1")
ok("alert" in got.lower() and not whose(got), "a hello without a name gets one, too", got[-500:])

# HTTP/2 to a guest that speaks it
got = run("curl", "-sk", "-m", "10", "--http2", "-w", "%{http_version} %{http_code}", "--resolve", "dora.test:8443:127.0.0.1", "https://dora.test:8443/")
ok(got == "this is alice.test\n2 200", "curl speaks HTTP/2 with a guest", got)
got = run("h2load", "-n", "2000", "-c", "20", "-m", "10", "--connect-to=127.0.0.1:8443", "https://dora.test:8443/")
ok("2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout" in got, "h2load: 2,000 requests of 20 connections, none failed", got)
got = run("h2load", "-n", "40", "-c", "4", "-m", "10", "--connect-to=127.0.0.1:8443", "https://dora.test:8443/big")
ok("40 done, 40 succeeded, 0 failed" in got, "and 40 times 8 MiB, ten at once on each connection", got)

# the simplest client
got = run("nc", "-N", "127.0.0.1", "8080", say="GET / HTTP/1.1\r\nHost: alice.test\r\n\r\n")
ok(got.startswith("HTTP/1.1 200") and got.endswith("yes"), "nc -N: a client that ends its side gets its answer", got)
got = run("nc", "127.0.0.1", "8080", say="GET / HTTP/1.0\r\nHost: alice.test\r\n\r\n")
ok(got.startswith("HTTP/1.1 200") and got.endswith("yes"), "nc without it, too", got)
got = run("nc", "-N", "127.0.0.1", "8080", say="\n\n")
ok(got.startswith("HTTP/1.1 400"), "and a page for what is no request", got)
ok(within(5, lambda: status()["open"] == 0), "nothing is left", status())
done()
