"""What the system tests of QUIC share: servers (ngtcp2's and caddy), a client that names where it goes, sites."""
import hashlib
from house import *

QUIC, TO_QUIC, MIB = 8444, 9444, 1 << 20
BIG = 8 * MIB


def certificate(name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:%s,DNS:*.%s" % (name, name), "-keyout",
                    W + "/%s.key" % name, "-out", W + "/%s.crt" % name], check=True, capture_output=True)


def site(name):
    os.makedirs(W + "/" + name, exist_ok=True)
    with open(W + "/%s/index.html" % name, "w") as f:
        f.write("this is %s\n" % name)
    with open(W + "/%s/big" % name, "wb") as f:
        f.write(os.urandom(BIG))
    certificate(name)


def background(args, log):
    p = subprocess.Popen(args, stdout=open(W + "/" + log, "w"), stderr=subprocess.STDOUT,
                         env={**os.environ, "HOME": W, "XDG_DATA_HOME": W + "/caddy", "XDG_CONFIG_HOME": W + "/caddy"})
    atexit.register(lambda: (p.kill(), p.wait()))
    return p


def ngtcp2(address, name, *options):
    return background(["gtlsserver", "-q", "-d", W + "/" + name, *options, address, str(TO_QUIC), W + "/%s.key" % name,
                       W + "/%s.crt" % name], name + ".server")


CADDY = """{
    admin off
    auto_https off
}
https://%(name)s:%(port)d, https://v4.%(name)s:%(port)d, https://v6.%(name)s:%(port)d {
    bind %(address)s
    tls %(w)s/%(name)s.crt %(w)s/%(name)s.key
    root * %(w)s/%(name)s
    file_server
    log
}
"""


def caddy(address, name):
    with open(W + "/%s.caddy" % name, "w") as f:
        f.write(CADDY % dict(w=W, name=name, port=TO_QUIC, address=address))
    return background(["caddy", "run", "--config", W + "/%s.caddy" % name, "--adapter", "caddyfile"], name + ".server")


def key_hash(name):
    """As a browser wants to be told whose certificate it may believe."""
    return subprocess.run("openssl x509 -in %s/%s.crt -pubkey -noout | openssl pkey -pubin -outform der | "
                          "openssl dgst -sha256 -binary | base64" % (W, name), shell=True, check=True, capture_output=True,
                          text=True).stdout.strip()


def browse(url, sites, *options, to="127.0.0.1"):
    """The page as a browser has it in the end, and what the browser said. It speaks QUIC with these sites or not at all."""
    port = url.split(":")[2].split("/")[0]
    run = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                          "--disable-component-update", "--disable-sync", "--user-data-dir=" + tempfile.mkdtemp(dir=W),
                          "--origin-to-force-quic-on=" + ",".join("%s:%s" % (s, port) for s in sites),
                          "--ignore-certificate-errors-spki-list=" + ",".join(map(key_hash, sites)),
                          "--host-resolver-rules=" + ",".join("MAP %s %s" % (s, to) for s in sites), "--timeout=20000",
                          *options, "--dump-dom", url], capture_output=True, text=True, timeout=90, env={**os.environ, "HOME": W})
    return run.stdout, run.stderr


def names(*sites):
    """The client says the name of its server only when it found the address by name: v4.NAME and v6.NAME."""
    with open(W + "/hosts", "w") as f:
        f.write("".join("%s v%d.%s\n" % (a, v, n) for v, a in ((4, "127.0.0.1"), (6, "::1")) for n in sites))
    if not os.path.exists("/etc/hosts"):
        shutil.copytree("/etc", W + "/etc", symlinks=True)
        open(W + "/etc/hosts", "w").close()
        subprocess.run(["mount", "--bind", W + "/etc", "/etc"], check=True)
    subprocess.run(["mount", "--bind", W + "/hosts", "/etc/hosts"], check=True)


class Get:
    """A client on its way."""

    def __init__(self, name, path="/", *options, to="v4", timeout=30, quiet=True):
        self.where, self.timeout = tempfile.mkdtemp(dir=W), timeout
        host = to + "." + name
        self.p = subprocess.Popen(["gtlsclient", *["-q"] * quiet, "--exit-on-all-streams-close", "--download=" + self.where,
                                   "--timeout=%ds" % timeout, "--handshake-timeout=%ds" % timeout, *options, host, str(QUIC),
                                   "https://%s:%d%s" % (host, QUIC, path)],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def end(self):
        """What it got, or b"", and what it said."""
        try:
            self.said, _ = self.p.communicate(timeout=self.timeout + 30)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.said = "hangs: " + self.p.communicate()[0]
        got = b"".join(open(self.where + "/" + f, "rb").read() for f in os.listdir(self.where))
        shutil.rmtree(self.where)
        return got, self.said

    def began(self):
        return within(20, lambda: any(os.path.getsize(self.where + "/" + f) for f in os.listdir(self.where)))


def get(*args, **keys):
    return Get(*args, **keys).end()


def page(name):
    return b"this is %s\n" % name.encode()


def whole(got, name):
    return hashlib.sha256(got).digest() == hashlib.sha256(open(W + "/%s/big" % name, "rb").read()).digest()


def quic():
    return status()["quic"]


def refused(reason):
    return status()["refused"][reason]


def serve():
    """Sites and their servers, and that they answer through the proxy."""
    for name in "alice.test", "bob.test":
        site(name)
    names("alice.test", "bob.test", "nobody.test")

