"""See tests/system/proxy_jail."""
from house import *

setup()
subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-I.", "-O1", "-o", W + "/jail", "tests/system/jail.c", "proxy/allow.c",
                "base/bpf.c"], check=True)
tried = subprocess.run([W + "/jail"], capture_output=True, text=True).stdout.splitlines()
ok(len(tried) >= 14, "all of it is tried", tried)
for line in tried:
    ok(line.startswith("as wanted: "), "behind the filter: " + line.split(": ", 1)[1], line)

proxy = Proxy()
for pid in workers():
    said = dict(line.split(":\t", 1) for line in open("/proc/%d/status" % pid).read().splitlines() if ":\t" in line)
    for what, want in (("Seccomp", "2"), ("NoNewPrivs", "1"), ("CapEff", "0" * 16), ("CapPrm", "0" * 16), ("CapBnd", "0" * 16)):
        ok(said[what] == want, "a worker has %s %s" % (what, want), said[what])
    ok(said["Uid"].split() == ["65534"] * 4 and said["Groups"].strip() == "", "and is nobody", said["Uid"])
    kinds = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid) if int(fd) > 2]
    ok(all(k.startswith(("socket:", "anon_inode:", "/memfd:", "pipe:")) for k in kinds), "and holds no file", kinds)
# A worker that dies of it is replaced.
victim = workers()[0]
os.kill(victim, signal.SIGSYS)
ok(within(5, lambda: victim not in workers() and 0 not in workers() and answered(ask())), "one that is killed by it is replaced")
ok("signal 31" in log(), "with a line", log())
done()
