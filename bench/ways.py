"""Three ways to give ports to guests, each with its own host between its own client and guest.

The last range is that of the guest who answers; range n is the ports from 20000 + 4n on, four of them.
"""
import ctypes
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import world

NATD = world.TOP + "/build/lodge-natd"
FIRST, WIDE, GUESTS = 20000, 4, 8
GROUP_NFTABLES = 7
TIMEOUT = 20

SYSCTL = {"net.ipv4.ip_forward": "1", "net.ipv4.ip_local_port_range": "10240 65535",
          "net.netfilter.nf_conntrack_tcp_timeout_close": "1", "net.ipv4.tcp_congestion_control": "reno"}


def guest(n, size):
    """Whose range n is: the last is the first guest's."""
    return (size - 1 - n) % GUESTS


def address(number):
    return "192.168.77.%d" % (2 + number)


def ports(n, wide=WIDE):
    return FIRST + WIDE * n, FIRST + WIDE * n + wide - 1


class Commits:
    """Tells when the kernel has changed its tables: a socket opened inside the host's namespace."""

    def __init__(self, ns):
        libc = ctypes.CDLL(None, use_errno=True)
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open("%s/ns/%s" % (world.W, ns), os.O_RDONLY)
        libc.setns(there, 0)
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.socket.bind((0, 1 << GROUP_NFTABLES - 1))
        libc.setns(home, 0)
        self.socket.settimeout(TIMEOUT)
        os.close(home)
        os.close(there)

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(1 << 18)
        except BlockingIOError:
            pass
        except OSError:  # more than fits: there will be no more now
            self.drain()
        self.socket.settimeout(TIMEOUT)

    def await_one(self):
        """The time at which the next transaction was done: before that nobody is told of any of it."""
        try:
            self.socket.recv(1 << 18)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
        return time.monotonic()


class Way:
    made = 0

    def __init__(self, size):
        Way.made += 1
        self.size, self.number = size, Way.made
        self.host, self.client, self.guest = ("%s%d" % (ns, self.number) for ns in ("host", "client", "guest"))
        self.wide = WIDE
        for ns in (self.host, self.client, self.guest):
            open("%s/ns/%s" % (world.W, ns), "w").close()
            world.run("unshare", "--net=%s/ns/%s" % (world.W, ns), "true")
            world.run("ip", "link", "set", "lo", "up", ns=ns)
            for key, value in SYSCTL.items():
                world.run("sh", "-c", "echo %s >/proc/sys/%s" % (value, key.replace(".", "/")), ns=ns, check=False,
                          stderr=subprocess.DEVNULL)
        self.line("wan", self.client, world.CLIENT, world.HOST + "/24")
        self.commits = Commits(self.host)
        self.running = None

    def line(self, device, ns, there, here, mac=None):
        words = ["address", mac] if mac else []
        world.run("ip", "link", "add", device, "type", "veth", "peer", "name", "eth0", *words,
                  "netns", "%s/ns/%s" % (world.W, ns), ns=self.host)
        world.run("ip", "addr", "add", there + "/24", "dev", "eth0", ns=ns)
        world.run("ip", "link", "set", "eth0", "up", ns=ns)
        world.run("ip", "addr", "add", here, "dev", device, ns=self.host)
        world.run("ip", "link", "set", device, "up", ns=self.host)

    def pinned(self, *words):
        return world.command(self.host, [world.LOAD_CPU], list(words))

    def write(self, text):
        path = "%s/%s.rules" % (world.W, self.host)
        with open(path, "w") as f:
            f.write(text)
        return path

    def timed(self, *words):
        """Milliseconds of a program, from its start to its end."""
        began = time.monotonic()
        subprocess.run(self.pinned(*words), check=True, stdout=subprocess.DEVNULL)
        return (time.monotonic() - began) * 1000

    def traced(self, words, act=None):
        """Milliseconds that the kernel worked on a program's transaction, by strace."""
        with tempfile.NamedTemporaryFile("r", dir=world.W) as out:
            tracer = subprocess.Popen(["strace", "-q", "-f", "-T", "-e", "trace=sendmsg,sendto", "-e", "signal=none",
                                       "-o", out.name] + words, stdout=subprocess.DEVNULL)
            if act:
                act(tracer)
            tracer.wait()
            rows = [row for row in out if re.search(r"nlmsg_type=(0x10 |NFNL_MSG_BATCH_BEGIN)", row)]
        return sum(float(re.search(r"<([0-9.]+)>$", row).group(1)) for row in rows) * 1000

    def change_in_kernel(self):
        return self.traced(self.pinned(*self.change_words()))

    def change(self):
        return self.timed(*self.change_words())

    def connect_line(self):
        self.line("guests", self.guest, address(0), "192.168.77.1/24")
        self.serve("192.168.77.1")

    def serve(self, gateway):
        world.run("ip", "route", "add", "default", "via", gateway, ns=self.guest)
        port = ports(self.size - 1)[0]
        log = "%s/%s.log" % (world.W, self.guest)
        server = world.start(self.guest, [world.LOAD_CPU], [world.LOAD, "serve", "-p", str(port), address(0)], log)
        world.await_ports(server, [port], log)
        if self.connections(0.1) == 0:
            sys.exit("bench: %s with %d ranges lets no connection through" % (self.title, self.size))

    def connections(self, seconds):
        """Thousands a second."""
        words = [world.LOAD, "connect", "-a", world.HOST, "-p", str(ports(self.size - 1)[0]), "-t", str(seconds)]
        done = subprocess.run(world.command(self.client, [world.LOAD_CPU], words), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True)
        out = world.figures(done.stdout) if done.returncode == 0 else {"done": 0, "seconds": 1, "failed": 1}
        if out["failed"]:
            print("# %s, %d ranges: %d connections failed" % (self.title, self.size, out["failed"]))
        return out["done"] / out["seconds"] / 1000


class Iptables(Way):
    title = "iptables-nft's rules"

    def apply(self):
        rules = "".join("-A PREROUTING -p tcp -m tcp --dport %d:%d -j DNAT --to-destination %s\n" %
                        (ports(n) + (address(guest(n, self.size)),)) for n in range(self.size))
        return self.timed("iptables-nft-restore", self.write("*nat\n" + rules + "COMMIT\n"))

    def change_words(self):
        self.wide = 7 - self.wide  # 3, 4, 3 …
        n = self.size // 2
        return ["iptables-nft", "-t", "nat", "-R", "PREROUTING", str(n + 1), "-p", "tcp", "-m", "tcp", "--dport",
                "%d:%d" % ports(n, self.wide), "-j", "DNAT", "--to-destination", address(guest(n, self.size))]


class Linear(Way):
    title = "nft's rules"

    def rule(self, n, wide=WIDE):
        return "tcp dport %d-%d dnat to %s" % (ports(n, wide) + (address(guest(n, self.size)),))

    def apply(self):
        rules = "".join("add rule ip linear pre %s\n" % self.rule(n) for n in range(self.size))
        return self.timed("nft", "-f", self.write(
            "add table ip linear; delete table ip linear; add table ip linear\n"
            "add chain ip linear pre { type nat hook prerouting priority -100; }\n" + rules))

    def change_words(self):
        self.wide = 7 - self.wide
        n = self.size // 2
        return ["nft", "replace", "rule", "ip", "linear", "pre", "handle", str(self.handle(n)), *self.rule(n, self.wide).split()]

    def handle(self, n):
        if not hasattr(self, "handles"):
            text = subprocess.run(world.in_ns(self.host) + ["nft", "-a", "list", "chain", "ip", "linear", "pre"],
                                  check=True, stdout=subprocess.PIPE, text=True).stdout
            self.handles = re.findall(r"dnat to .* # handle (\d+)", text)
        return self.handles[n]


class Floor(Way):
    """One map of nft's with all ranges, changed by nft: what the kernel takes for an element, whoever asks it."""
    title = "nft's map"

    def apply(self):
        elements = ", ".join(self.element(n) for n in range(self.size))
        return self.timed("nft", "-f", self.write(
            "add table ip floor; delete table ip floor; add table ip floor\n"
            "add map ip floor ports { type inet_service : ipv4_addr; flags interval; }\n"
            "add element ip floor ports { %s }\n" % elements))

    def element(self, n, wide=WIDE):
        return "%d-%d : %s" % (ports(n, wide) + (address(guest(n, self.size)),))

    def change_words(self):
        n, before = self.size // 2, self.wide
        self.wide = 7 - self.wide
        return ["nft", "-f", self.write("delete element ip floor ports { %s }\nadd element ip floor ports { %s }\n" %
                                        (self.element(n, before), self.element(n, self.wide)))]


class Ours(Way):
    title = "lodge-natd"

    def __init__(self, size):
        super().__init__(size)
        self.file = "%s/%s.yaml" % (world.W, self.host)
        self.log = "%s/%s.log" % (world.W, self.host)

    def configure(self):
        lists = [[] for _ in range(GUESTS)]
        for n in range(self.size):
            wide = self.wide if n == self.size // 2 else WIDE
            lists[guest(n, self.size)].append('"%d-%d/tcp"' % ports(n, wide))
        with open(self.file, "w") as f:
            f.write("network: 192.168.77.0/24\nwan: wan\nrun: %s/%s.run\nstate: %s/%s.state\nguests:\n" %
                    (world.W, self.host, world.W, self.host))
            for number, ranges in enumerate(lists):
                f.write("  guest%d:\n    address: %s\n    ports: [%s]\n" % (number, address(number), ", ".join(ranges)))

    def apply(self):
        """From nothing: the taps, too."""
        self.stop()
        subprocess.run(self.pinned(NATD, "-x"), check=True, stderr=subprocess.DEVNULL)
        self.configure()
        open(self.log, "w").close()
        self.commits.drain()
        began = time.monotonic()
        with open(self.log, "a") as log:
            self.running = subprocess.Popen(self.pinned(NATD, "-c", self.file), stderr=log)
        done = self.commits.await_one()
        self.await_log("guests behind")
        return (done - began) * 1000

    def await_log(self, text, since=0):
        for _ in range(TIMEOUT * 100):
            with open(self.log) as f:
                if text in f.read()[since:]:
                    return
            if self.running.poll() is not None:
                break
            time.sleep(0.01)
        with open(self.log) as f:
            sys.exit("bench: lodge-natd: %s" % f.read()[-2000:])

    def change_file(self):
        """Another width of one range; what the log had before."""
        self.wide = 7 - self.wide
        self.configure()
        time.sleep(0.02)  # what the change before brought on is over
        self.commits.drain()
        return os.path.getsize(self.log)

    def change(self):
        since = self.change_file()
        began = time.monotonic()
        self.running.send_signal(signal.SIGHUP)
        done = self.commits.await_one()
        self.await_log("reloaded", since)
        return (done - began) * 1000

    def change_in_kernel(self):
        def act(tracer):
            time.sleep(0.3)
            since = self.change_file()
            self.running.send_signal(signal.SIGHUP)
            self.await_log("reloaded", since)
            tracer.terminate()

        return self.traced(["-p", str(self.running.pid)], act)

    def stop(self):
        if self.running:
            self.running.terminate()
            self.running.wait()
            self.running = None

    def connect_line(self):
        """The daemon leaves all in place; a line that bears the tap's name carries more than a tap in user space could."""
        self.stop()
        world.run("ip", "link", "del", "tap2", ns=self.host)
        self.line("tap2", self.guest, address(0), "192.168.77.1/32", "02:00:c0:a8:4d:02")
        world.run("ip", "route", "add", address(0), "dev", "tap2", ns=self.host)
        self.serve("192.168.77.1")


ALL = [Iptables, Linear, Ours]  # and Floor, which lets no connection through
