"""Who counts what passes taps: nobody, a poll of the kernel's counters, lodge-acct, and its peers.

Each is started for a measurement and ended after it; all are pinned to the second CPU, as is the Redis of ours.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import world

NETWORK, FIRST = "10.77.0.0/16", 2
ETHER = 14
SNAP, RING_KIB = 96, 16384


def address(number):
    number += FIRST
    return "10.77.%d.%d" % (number // 256, number % 256)


def host_text(*words):
    return subprocess.run(world.in_ns("host") + list(words), check=True, stdout=subprocess.PIPE, text=True).stdout


def kernel(taps):
    """Bytes and packets of these taps, both directions, as the kernel counts them; per tap (from_guest, to_guest)."""
    bytes_of, packets = {}, 0
    for row in host_text("cat", "/proc/net/dev").splitlines()[2:]:
        name, rest = row.split(":")
        v = list(map(int, rest.split()))
        if name.strip() in taps:
            bytes_of[name.strip()] = (v[0], v[8])
            packets += v[1] + v[9]
    return bytes_of, packets


def total(bytes_of):
    return sum(map(sum, bytes_of.values()))


def within(seconds, test):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.05)
    return False


class Nobody:
    title, process = "none", None

    def __init__(self, taps):
        self.taps = taps

    def start(self):
        pass

    def spawn(self, *words, log=None):
        self.log = log or "%s/%s.log" % (world.W, type(self).__name__)
        open(self.log, "w").close()
        self.process = world.start("host", [world.PROXY_CPU], list(words), self.log)

    def said(self, pattern):
        with open(self.log) as f:
            return re.search(pattern, f.read())

    def must(self, seconds, test):
        if not within(seconds, test):
            with open(self.log) as f:
                sys.exit("bench: %s is not ready:\n%s" % (self.title, f.read()[-2000:]))

    def cpu_ns(self):
        return sum(map(world.cpu_ns, world.tree(self.process.pid))) if self.process else 0

    def counted(self):
        """(bytes, dropped packets) of all taps so far, None: does not know before it ends."""
        return None

    def settle(self):
        pass

    def end(self):
        """The same, of one that had to end to say it."""
        self.stop(signal.SIGKILL)
        return None

    def stop(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None


class Poll(Nobody):
    title = "stats64 only"

    def start(self):
        self.spawn(world.LOAD, "poll")
        self.must(3, lambda: self.said("^[0-9]"))

    def rows(self):
        with open(self.log) as f:
            return [row for row in f.read().splitlines(True) if row.endswith("\n")]

    def settle(self):
        n = len(self.rows())
        within(4, lambda: len(self.rows()) > n + 1)

    def counted(self):
        return sum(map(int, self.rows()[-1].split())), 0


class Ours(Nobody):
    title = "lodge-acct"
    program = world.TOP + "/build/lodge-acct"
    redis = None

    def __init__(self, taps):
        super().__init__(taps)
        self.dir = "%s/%s" % (world.W, taps[0])
        self.file = self.dir + ".yaml"
        self.sock = "%s/redis.sock" % world.W
        if not Ours.redis:
            Ours.redis = world.start("host", [world.PROXY_CPU], ["redis-server", "--port", "0", "--unixsocket", self.sock, "--unixsocketperm", "777",
                                     "--save", "", "--dir", world.W], world.W + "/redis.log")
        with open(self.file, "w") as f:
            f.write("network: %s\nwan: wan\nstate: %s.state\nrun: %s.run\nredis: unix:%s\nuser: nobody\n"
                    "billing: {count: tap, scope: all, direction: both, day: 1}\nguests:\n" %
                    (NETWORK, self.dir, self.dir, self.sock))
            for n, tap in enumerate(taps):
                f.write("  %s: {address: %s, tap: %s}\n" % (tap, address(n), tap))

    def start(self):
        self.spawn(self.program, "-c", self.file)
        self.must(10, lambda: self.said("counting"))
        self.must(15, lambda: all(g["ifindex"] and not g["asking_redis"] for g in self.status()["guests"].values()))
        self.must(15, self.is_equal)

    def values(self):
        """Per tap: from_guest, to_guest, unclassified from and to, billed."""
        ask = "".join("HMGET lodge:{%s}:cur from_guest to_guest unclassified_from_guest unclassified_to_guest billed\n" % tap
                      for tap in self.taps)
        out = subprocess.run(["redis-cli", "-s", self.sock], input=ask, stdout=subprocess.PIPE, text=True).stdout
        v = [int(row or 0) for row in out.split("\n")[:5 * len(self.taps)]]
        return {tap: v[5 * n:5 * n + 5] for n, tap in enumerate(self.taps)}

    def is_equal(self):
        have, (want, _) = self.values(), kernel(self.taps)
        return all(tuple(have[tap][:2]) == want[tap] for tap in self.taps)

    def settle(self):
        within(8, self.is_equal)

    def status(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.dir + ".run/acct.sock")
            s.sendall(b"status\n")
            got = b""
            while more := s.recv(1 << 18):
                got += more
        return json.loads(got)

    def counted(self):
        rows = self.values().values()
        self.unclassified = sum(row[2] + row[3] for row in rows)
        return sum(row[4] for row in rows), self.status()["capture"]["ps_drop"]

    def memory_mib(self):
        return world.memory_bytes(self.process.pid) / 2**20


class Other(Ours):
    """Another build: it goes on where the one before it stopped."""
    title = "lodge-acct, the other"


class Tcpdump(Nobody):
    """Says packets alone, at its end: of 64 bytes each they are bytes."""
    title = "tcpdump"

    def start(self):
        self.spawn("tcpdump", "-n", "-i", "any", "-s", str(SNAP), "-B", str(RING_KIB), "-w", "/dev/null")
        self.must(3, lambda: self.said("listening on"))

    def settle(self):
        time.sleep(0.3)

    def end(self):
        self.stop(signal.SIGINT)
        return None, int(self.said(r"(\d+) packets? dropped by kernel").group(1))


class Pmacctd(Nobody):
    title = "pmacctd"

    def start(self):
        self.pipe = world.W + "/pmacct.pipe"
        file = world.W + "/pmacctd.conf"
        with open(file, "w") as f:
            f.write("daemonize: false\npcap_interface: any\naggregate: src_host, dst_host\nplugins: memory\n"
                    "imt_path: %s\nsnaplen: %d\npmacctd_pipe_size: %d\nplugin_pipe_size: %d\nplugin_buffer_size: 10240\n" %
                    (self.pipe, SNAP, RING_KIB << 10, RING_KIB << 10))
        self.spawn("pmacctd", "-f", file)
        self.must(5, lambda: os.path.exists(self.pipe))
        time.sleep(0.5)

    def settle(self):
        time.sleep(1.5)

    def counted(self):
        out = subprocess.run(["pmacct", "-p", self.pipe, "-s", "-O", "json"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True).stdout
        rows = [json.loads(row) for row in out.splitlines() if row.startswith("{")]
        # It counts from the IP header on.
        return sum(row["bytes"] + ETHER * row["packets"] for row in rows), 0

    def end(self):
        self.process.send_signal(signal.SIGUSR1)
        within(2, lambda: self.said(r"dropped_packets=\d+|\d+ packets dropped"))
        found = self.said(r"dropped_packets=(\d+)") or self.said(r"(\d+) packets dropped")
        self.stop(signal.SIGINT)
        return None, int(found.group(1)) if found else 0

    def stop(self, number=signal.SIGINT):
        if self.process:
            children = world.tree(self.process.pid)[1:]
            super().stop(number)
            for child in children:
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        if os.path.exists(self.pipe):
            os.unlink(self.pipe)


class Vnstat(Nobody):
    """Polls the kernel's counters; asked to do so as often as it can, without a ceiling of what it believes."""
    title = "vnstat"

    def start(self):
        self.db = world.W + "/vnstat"
        shutil.rmtree(self.db, ignore_errors=True)
        os.mkdir(self.db)
        self.file = world.W + "/vnstat.conf"
        with open(self.file, "w") as f:
            f.write('DatabaseDir "%s"\nBandwidthDetection 0\nMaxBandwidth 0\nUpdateInterval 2\nPollInterval 2\nUseLogging 0\n'
                    'TimeSyncWait 0\nPidFile "%s/vnstat.pid"\n' % (self.db, world.W))
        subprocess.run(world.in_ns("host") + ["vnstatd", "--config", self.file, "--initdb"], check=True,
                       stdout=subprocess.DEVNULL)
        for tap in self.taps:
            subprocess.run(world.in_ns("host") + ["vnstat", "--config", self.file, "--add", "-i", tap], check=True,
                           stdout=subprocess.DEVNULL)
        self.spawn("vnstatd", "-n", "-s", "--config", self.file)
        time.sleep(3)

    def settle(self):
        time.sleep(5)

    def end(self):
        self.stop()
        out = host_text("vnstat", "--config", self.file, "--json")
        if not out.startswith("{"):
            sys.exit("bench: vnstat: " + out + open(self.log).read())
        sums = [i["traffic"]["total"] for i in json.loads(out)["interfaces"] if i["name"] in self.taps]
        return sum(s["rx"] + s["tx"] for s in sums), 0


ALL = [Nobody, Poll, Ours, Tcpdump, Pmacctd, Vnstat]
