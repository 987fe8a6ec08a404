"""See tests/system/proxy_sockets."""
from house import *
import as_unit
import re


def run(args):
    return subprocess.run(args, capture_output=True, text=True)


def unit(name):
    """A copy that names the program that was built, for one that is not there is a mistake."""
    text = open("pkg/systemd/" + name).read().replace("/usr/sbin/lodge-proxy", PROXY)
    with open(W + "/" + name, "w") as f:
        f.write(text)
    return W + "/" + name


setup()
units = [unit("lodge-proxy.service"), unit("lodge-proxy.socket")]
got = run(["systemd-analyze", "verify", "--man=no"] + units)
ok(got.returncode == 0 and not got.stderr, "the units are well formed", got.stderr)
got = run(["systemd-analyze", "security", "--offline=true", "--no-pager", units[0]])
exposure = float(re.search(r"exposure level.*: ([\d.]+)", got.stdout).group(1))
ok(exposure <= 3.0, "the service is exposed to 3.0 at most", exposure)

# What the unit's filter allows is enough for the supervisor, an upgrade and the workers until theirs stands.
allowed = as_unit.allowed_calls(as_unit.settings(units[0]))
proxy = Proxy(run=["strace", "-f", "-qq", "-o", W + "/calls", PROXY, "-c", W + "/lodge.yaml"])
traced = int(run(["pgrep", "-P", str(proxy.pid), "lodge-proxy"]).stdout.split()[0])
proxy.signal = lambda number: os.kill(traced, number)  # the tracer would keep it
ok(proxy.reload(), "it runs under a tracer, too, and reloads", log())
proxy.signal(signal.SIGUSR2)
ok(within(10, lambda: status()["upgrades"] == 1 and not status()["old_workers"]) and answered(ask()), "and begins anew", log())
proxy.signal(signal.SIGTERM)
proxy.p.wait(5)
made = set(re.findall(r"^\d+ +(\w+)\(", open(W + "/calls").read(), re.M))
made -= {"setgroups", "setresuid"}  # root's, who has an account to become; the unit begins with it
ok(len(made) > 40 and not made - allowed, "the unit allows all that is called", made - allowed)

# systemd's own launcher, which starts the program with the first connection.
proxy = None
write_conf(workers=2)
p = subprocess.Popen(["systemd-socket-activate", "-l", "127.0.0.1:8080", "-l", "127.0.0.1:8443", "--fdname=a:b",
                      PROXY, "-c", W + "/lodge.yaml"], stderr=open(W + "/log", "w"))
atexit.register(p.kill)
ok(within(5, lambda: answered(ask())), "who comes first starts it and is served", log())
ok(within(5, lambda: status()["pid"] == p.pid), "in the same process")
load = Load(clients=3)
for _ in range(3):
    had, n = set(workers()), status()["upgrades"]
    p.send_signal(signal.SIGUSR2)
    within(10, lambda: status()["upgrades"] > n and not set(workers()) & had)
ok(status()["upgrades"] == 3, "it upgrades", log())
time.sleep(0.3)
n, bad, worst = load.stop()
ok(n > 30 and not bad, "of %d connections meanwhile none failed" % n, bad)
got = run(["ss", "-Hltn", "sport = :8080"]).stdout.splitlines()
ok(len(got) == 1, "it listens with the socket that was passed, and opens none", got)
p.terminate()
ok(p.wait(5) == 0, "SIGTERM ends it with 0")

# systemd holds the socket also between one run and the next, and whoever comes meanwhile waits for that.
held = socket.create_server(("127.0.0.1", HTTP + 10), backlog=100)
write_conf(http="[%d]" % (HTTP + 10), tls="[]", workers=2)


def passed():
    script = "exec 3<&%d; LISTEN_FDS=1 LISTEN_PID=$$ exec %s -c %s/lodge.yaml" % (held.fileno(), PROXY, W)
    p = subprocess.Popen(["bash", "-c", script], pass_fds=(held.fileno(),), stderr=open(W + "/log", "a"))
    atexit.register(p.kill)
    return p


p = passed()
ok(within(10, lambda: answered(ask(port=HTTP + 10, timeout=5))), "a socket from somebody who keeps it", log())
for how in signal.SIGQUIT, signal.SIGTERM:
    p.send_signal(how)
    ok(p.wait(10) == 0, "%s ends it" % how.name)
    waits = dial(HTTP + 10)
    waits.sendall(REQUEST % b"alice.test")
    p = passed()
    ok(within(10, lambda: answered(drain(waits))) and answered(ask(port=HTTP + 10)), "the next one serves who came meanwhile", log())
p.terminate()
p.wait(5)
done()
