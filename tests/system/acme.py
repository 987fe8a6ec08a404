"""
See tests/system/acme. A real authority (caddy's) asks by HTTP-01 and by TLS-ALPN-01 for the names of two guests whose
servers (caddy's, too) know nothing of a proxy. The namespace has ports 80 and 443 and a file of names to itself.
"""
import glob
import house
from h3 import *

CA = 14443
house.YAML = house.YAML.replace("    domains: [%(alice)s%(more)s]\n", "    domains: [%(alice)s%(more)s]\n    redirect-https: yes\n")
house.DEFAULTS.update(http="[80, 8080]", tls="[443, 8443]")
AUTHORITY = """{
    admin off
    auto_https disable_redirects
    https_port %(ca)d
    http_port 14080
    storage file_system %(w)s/authority
}
https://ca.test:%(ca)d {
    tls internal
    acme_server
}
"""
SERVER = """{
    admin off
    auto_https disable_redirects
    https_port 9443
    http_port 9080
    storage file_system %(w)s/%(name)s
}
https://%(domain)s {
    bind %(address)s
    tls {
        issuer acme {
            dir https://ca.test:%(ca)d/acme/local/directory
            trusted_roots %(w)s/authority/pki/authorities/local/root.crt
            disable_%(other)s_challenge
        }
    }
    respond "%(name)s by TLS"
}
http://%(domain)s {
    bind %(address)s
    respond "%(name)s in the clear"
}
"""


def caddy_with(name, text):
    with open(W + "/%s.caddy" % name, "w") as f:
        f.write(text)
    return background(["caddy", "run", "--config", W + "/%s.caddy" % name, "--adapter", "caddyfile"], name + ".log")


def server(name, domain, address, other):
    return caddy_with(name, SERVER % dict(w=W, name=name, domain=domain, address=address, other=other, ca=CA))


def curl(url, *options):
    return subprocess.run(["curl", "-s", "-m", "10", "--cacert", W + "/authority/pki/authorities/local/root.crt", *options, url],
                          capture_output=True, text=True).stdout


def said(name):
    return open(W + "/%s.log" % name).read()


def certificates(name):
    return [os.path.basename(p) for p in glob.glob(W + "/%s/certificates/*/*/*.crt" % name)]


os.makedirs(W + "/etc")
subprocess.run("cp -a /etc/. %s/etc/ && mount --bind %s/etc /etc" % (W, W), shell=True, check=True)
with open("/etc/hosts", "w") as f:
    f.write("127.0.0.1 localhost ca.test alice.test www.alice.test bob.test x.bob.test nobody.test\n")
with open("/etc/nsswitch.conf", "w") as f:
    f.write("passwd: files\ngroup: files\nhosts: files\n")
setup((DORA, 9080, answer_ok))
house.ask.__defaults__ = (b"dora.test",) + house.ask.__defaults__[1:]
proxy = Proxy()
caddy_with("authority", AUTHORITY % dict(w=W, ca=CA))
if not within(20, lambda: curl("https://ca.test:%d/acme/local/directory" % CA).startswith("{")):
    bail("no authority: " + said("authority"))

server("alice", "alice.test", ALICE, "tlsalpn")
ok(within(30, lambda: curl("https://alice.test/") == "alice by TLS"), "a certificate by HTTP-01, of a guest whose plain requests are sent to https", said("alice")[-600:])
now = status()["guests"]["alice"]
ok('"challenge_type":"http-01"' in said("alice") and now["routed"]["http"] >= 1 and certificates("alice") == ["alice.test.crt"],
   "its challenge came through the plain door", (now, certificates("alice")))
ok(curl("http://alice.test/x", "-w", "%{http_code} %{redirect_url}", "-o", "/dev/null") == "301 https://alice.test/x", "and nothing else does")
ok(curl("http://alice.test/", "-L") == "alice by TLS", "curl follows, and believes who is there")

server("bob", "bob.test", BOB, "http")
ok(within(30, lambda: curl("https://bob.test/") == "bob by TLS"), "a certificate by TLS-ALPN-01", said("bob")[-600:])
ok('"challenge_type":"tls-alpn-01"' in said("bob") and certificates("bob") == ["bob.test.crt"], "that was the challenge", said("bob")[-600:])
ok(curl("http://bob.test/") == "bob in the clear", "the other door is open, too")

# somebody else asks for a name of alice's: it is she who is asked whether that is so
subprocess.run(["ip", "addr", "add", "10.77.0.5/32", "dev", "lo"], check=True)
before = log().count("name=www.alice.test guest=alice")
server("thief", "www.alice.test", "10.77.0.5", "http")
ok(within(30, lambda: '"challenge_type":"tls-alpn-01"' in said("thief") and log().count("name=www.alice.test guest=alice") > before),
   "for a name that is another guest's, that guest is asked", said("thief")[-600:])
ok(not certificates("thief") and "obtained successfully" not in said("thief"), "and who asked for it gets no certificate", said("thief")[-600:])
done()
