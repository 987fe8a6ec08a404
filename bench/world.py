"""Namespaces, processes and their CPU time.

    client 198.51.100.2 -- wan -- host 198.51.100.1, 192.168.77.1 -- guests -- guests 192.168.77.2 ...

Everything happens in a mount and pid namespace of its own: whatever is left is gone with its first process.
"""
import contextlib
import os
import resource
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOAD = TOP + "/build/bench-load"
W = "/mnt"
HOST, CLIENT = "198.51.100.1", "198.51.100.2"
GUESTS = ["192.168.77.%d" % (2 + i) for i in range(8)]
# Not one of the others: the host does not forward what looks like a transparent connection that it still remembers.
DNAT_GUEST = "192.168.77.10"
INSIDE = "BENCH_INSIDE"

CPUS = sorted(os.sched_getaffinity(0))
LOAD_CPU, PROXY_CPU = CPUS[0], CPUS[-1]


def raise_files(wanted=200000):
    """Open files everybody may have: what is wanted, or what there is."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


FILES = raise_files()

# The same for everybody: no pacing (bbr has it; a namespace may always take reno), ports enough for short connections, and no heap of dead ones that the next must search.
SYSCTL = {
    "net.ipv4.ip_local_port_range": "10240 65535",
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv4.tcp_max_tw_buckets": "200000",
    "net.ipv4.tcp_max_syn_backlog": "65535",
    "net.ipv4.tcp_congestion_control": "reno",
    "net.ipv4.ip_forward": "1",
    "net.core.somaxconn": "65535",
}


def enter():
    """Run this program again in namespaces of its own; returns inside them."""
    if INSIDE in os.environ:
        os.environ.pop(INSIDE)
        return
    if os.geteuid() != 0:
        sys.exit("bench: namespaces need root")
    if len(CPUS) < 2:
        sys.exit("bench: one CPU is not enough: the load must not run where the proxy is measured")
    words = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--net", "--fork", "--kill-child",
             "--mount-proc", sys.executable, "-B"] + sys.argv
    # A session of its own is one group to the scheduler.
    inner = subprocess.Popen(words, env=dict(os.environ, **{INSIDE: "1"}), start_new_session=True)

    stopped = []

    def stop(number, frame):
        stopped.append(128 + number)
        inner.kill()  # the namespaces die with it; who waits for it below goes on

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    status = inner.wait()
    sys.exit(stopped[0] if stopped else status)


def prefer():
    """Ahead of what else the machine does: all that is measured alike, as one group or one by one."""
    try:
        with open("/proc/self/autogroup", "w") as f:
            f.write("-20")
    except OSError:
        os.nice(-20)


def run(*words, ns=None, check=True, **more):
    return subprocess.run(in_ns(ns) + list(words), check=check, **more)


def in_ns(ns):
    return ["nsenter", "--net=%s/ns/%s" % (W, ns)] if ns else []


def make():
    prefer()
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "bench", W)
    os.mkdir(W + "/ns")
    for ns in ("client", "host", "guests"):
        open("%s/ns/%s" % (W, ns), "w").close()
        run("unshare", "--net=%s/ns/%s" % (W, ns), "true")
        run("ip", "link", "set", "lo", "up", ns=ns)
        for key, value in SYSCTL.items():
            run("sh", "-c", "echo %s >/proc/sys/%s" % (value, key.replace(".", "/")), ns=ns)
    line("wan", "client", [CLIENT], HOST)
    line("guests", "guests", GUESTS + [DNAT_GUEST], "192.168.77.1")
    run("ip", "route", "add", "default", "via", "192.168.77.1", ns="guests")


def line(device, ns, addresses, host):
    run("ip", "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", "%s/ns/%s" % (W, ns),
        ns="host")
    for address in addresses:
        run("ip", "addr", "add", address + "/24", "dev", "eth0", ns=ns)
    run("ip", "link", "set", "eth0", "up", ns=ns)
    run("ip", "addr", "add", host + "/24", "dev", device, ns="host")
    run("ip", "link", "set", device, "up", ns="host")


def nft(text):
    run("nft", "-f", "-", ns="host", input=text.encode())


def command(ns, cpus, words):
    cpus = ",".join(str(c) for c in cpus)
    return in_ns(ns) + ["taskset", "-c", cpus] + words


def start(ns, cpus, words, output):
    return subprocess.Popen(command(ns, cpus, words), stdin=subprocess.DEVNULL, stdout=open(output, "a"),
                            stderr=subprocess.STDOUT)


def serve():
    return start("guests", [LOAD_CPU], [LOAD, "serve"] + GUESTS + [DNAT_GUEST], W + "/serve.log")


def tree(pid):
    """The process and all below it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as f:
                    parents[int(name)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_ns(pid):
    """What the process alone has used, all threads, user and kernel."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            total += int(f.read().split()[0])
    return total


def segments_sent(pid):
    """By TCP in the process's namespace: each is worth a trip through the stack of the one who sends it."""
    with open("/proc/%d/net/snmp" % pid) as f:
        head, values = [row.split() for row in f if row.startswith("Tcp:")]
    return int(values[head.index("OutSegs")])


def memory_bytes(pid):
    """Proportional set of the whole tree."""
    total = 0
    for one in tree(pid):
        with open("/proc/%d/smaps_rollup" % one) as f:
            total += sum(int(row.split()[1]) for row in f if row.startswith("Pss:"))
    return total * 1024


def listening(pid, ports):
    rows = []
    for family in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
            with open("/proc/%d/net/%s" % (pid, family)) as f:
                rows += [row.split() for row in f][1:]
    open_ports = {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"}
    return all(port in open_ports for port in ports)


def await_listening(servers):
    await_ports(servers, [443, 80], W + "/serve.log")


def await_ports(process, ports, log):
    for _ in range(100):
        if process.poll() is None and listening(process.pid, ports):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    with open(log) as f:
        sys.exit("bench: %s does not start:\n%s" % (log, f.read()[-2000:]))


def load(mode, port, *options):
    """One run of the clients; its figures."""
    words = [LOAD, mode, "-a", HOST, "-p", str(port)] + [str(o) for o in options]
    done = subprocess.run(command("client", [LOAD_CPU], words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        return None
    return figures(done.stdout)


def figures(text):
    return {key: float(value) for key, value in (pair.split("=") for pair in text.split())}
