"""See tests/system/status_many. One program stands for all launchers, and for lodge-natd; lodge may have as many files as usual."""
from house import *

GUESTS, FILES, SILENT = 1500, 1024, 40
LODGE = os.environ["LODGE_BUILD"] + "/lodge"
resource.setrlimit(resource.RLIMIT_NOFILE, (2 * GUESTS + 100, 2 * GUESTS + 100))
names = ["g%04d" % n for n in range(GUESTS)]
os.makedirs(W + "/run")
with open(W + "/lodge.yaml", "w") as f:
    f.write("network: 10.77.0.0/16\nstate: %s\nrun: %s/run\nuser: nobody\nredis: unix:%s/none.sock\nguests:\n" % (W, W, W))
    f.writelines("  %s: {address: 10.77.%d.%d}\n" % (name, n // 200, n % 200 + 2) for n, name in enumerate(names))


class Programs(threading.Thread):
    """Answers whoever asks, but those of `silent`."""

    def __init__(self):
        super().__init__(daemon=True)
        self.silent, self.kept, self.ears = set(), [], select.epoll()
        self.of = {}
        for name in ["natd"] + ["guest-" + n for n in names]:
            s = socket.socket(socket.AF_UNIX)
            s.bind(W + "/run/%s.sock" % name)
            s.listen()
            self.of[s.fileno()] = (name, s)
            self.ears.register(s, select.EPOLLIN)
        self.start()

    def run(self):
        while True:
            for fd, _ in self.ears.poll():
                name, listener = self.of[fd]
                c, _ = listener.accept()
                if name in self.silent:
                    self.kept.append(c)
                    continue
                c.recv(256)
                with contextlib.suppress(OSError):
                    c.sendall(json.dumps({"name": name, "state": "running", "since": int(time.time()) - 60}).encode())
                c.close()


def look(*more, files=FILES, hard=FILES):
    began = time.monotonic()
    p = subprocess.run([LODGE, "-c", W + "/lodge.yaml", "status", *more], capture_output=True, text=True,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard)))
    return p, time.monotonic() - began


def running(p):
    guests = json.loads(p.stdout)["guests"] if p.stdout.startswith("{") else []
    return sum(1 for g in guests if g["state"] == "running")


p, _ = look("-j")
ok(running(p) == 0 and p.returncode == 3 and '"state": "down"' in p.stdout, "nothing runs", (p.returncode, p.stderr[:300]))
programs = Programs()
p, took = look("-j")
ok(running(p) == GUESTS, "each of %d guests is asked, with %d files" % (GUESTS, FILES), (running(p), p.stdout[:300], p.stderr[:300]))
ok(json.loads(p.stdout)["natd"]["state"] != "does not answer", "and so is lodge-natd", json.loads(p.stdout)["natd"])
ok(took < 5, "at once", took)
p, took = look("-j", files=64)
ok(running(p) == GUESTS, "also where it is given a few and may have more", (running(p), p.stderr[:300]))
programs.silent = {"guest-" + n for n in names[::GUESTS // SILENT][:SILENT]}
p, took = look("-j")
ok(running(p) == GUESTS - SILENT, "of whom some are silent, the others answer", (running(p), p.stderr[:300]))
ok(p.stdout.count('"does not answer"') == SILENT and took < 6, "and all of them cost two seconds", (p.stdout.count('"does not answer"'), took))
p, _ = look(names[-1], "-j")
ok(json.loads(p.stdout)["state"] == "running", "one of them alone is asked, too", (p.stdout[:300], p.stderr[:300]))
done()
