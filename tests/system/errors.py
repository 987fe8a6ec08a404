"""Each call that a command makes fails once, for real: whatever it says then, it ends with the next thing to try.

usage: errors.py WORLD LODGE FAULT.so; WORLD/template is the state that each run begins with, WORLD/lodge.yaml its file."""
import errno
import json
import os
import re
import shutil
import subprocess
import sys

world, lodge, fault = sys.argv[1:4]
file, hit = world + "/lodge.yaml", world + "/hit"
ROUNDS = 400  # every command makes fewer calls of these

# What a person can do: a command to type, a thing to change, a place to look at.
NEXT = re.compile(r"""
    \blodge\ [a-z-]+ | \b(?:df\ -|ls\ -|findmnt\ |lsattr\ |fuser\ |ulimit\ -|free\ -h|readlink\ -|mkdir\ -p|strace\ |ssh-keygen|sysctl\ )
    | \bas\ root\b | \bsudo\b | \btry\ (?:again|as)\b | \b(?:name|take|write|make|mend|remove|reinstall|install|move|leave)\ [a-z]
    | \bdmesg\b | :\d+:\d+:\ """, re.X)
# What the kernel says of an error, with nothing behind it.
WORDS = {os.strerror(code) for code in errno.errorcode}
BARE = re.compile(r"(?:^|[ :])(?:%s)\.?$" % "|".join(map(re.escape, WORDS)))

# What is looked at has to be there when that is typed, wherever that is.
LOOK = re.compile(r"\b(?:df\ -[hi]|ls\ -[lA]|findmnt\ -T|lsattr\ -d|fuser\ -v)\ (?!shows?\b|and\b)([^\s;,:)»]+)")


def lost(line):
    """A path to look at that nobody finds, or None."""
    for path in LOOK.findall(line):
        if not path.startswith("/") or ".making-" in path or not os.path.lexists(path):
            return path
    return None


count = 0
bad = 0


def ok(good, title, notes=()):
    global count, bad
    count += 1
    bad += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, title))
    for note in notes:
        print("# " + note)
    sys.stdout.flush()


def fault_of(text, status):
    """What is wrong with these words, or None. Lines of a program that lodge ran are that program's."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", "  "))]
    own = [line for line in lines if not re.match(r"lodge(-guest)?:   ", line)]
    for line in own:
        if BARE.search(line.replace("error: cannot read the configuration", "")) and "error: " not in line:
            return "errno's word alone: " + line
        if lost(line):
            return "%s is no place to look at: %s" % (lost(line), line)
    if status == 0:
        return None
    if not own:
        return "it says nothing"
    if re.match(r"\d+ errors?$", own[-1]) and re.search(r":\d+:\d+: error: ", text):
        return None  # each with its place in the file
    if status < 0:
        return "killed by signal %d" % -status
    return None if NEXT.search(own[-1]) else "no next step: " + own[-1]


# A rule that lets everything pass would be none.
for text, good in (("lodge: /x: No space left on device", False), ("lodge: x was not made", False), ("", False),
                   ("lodge: no guest «x»; lodge guest list has those there are", True),
                   ("lodge: /x: Permission denied; try as root\nlodge: x: Input/output error", False),
                   ("lodge: /x: No space left on device; make room there: df -h / and df -i / show how much is left", True),
                   ("lodge: x: No space left on device; make room: df -h and df -i show how much is left", True),
                   ("lodge: x: No space left on device; make room there: df -h . and df -i . show how much is left", False),
                   ("lodge: /x: Permission denied; lsattr -d /no/such, findmnt -T / may show why", False),
                   ("lodge: /x was not made; df -h /tmp/.making-x-1 shows whether there is room", False)):
    ok((fault_of(text, 1) is None) == good, "the rule: «%s» is %s" % (text.replace("\n", " / "), "enough" if good else "not enough"))


# The bases stay where they are: one that is copied is no longer what disks stand on.
def begin():
    for name in ("guests.d", "kept"):
        shutil.rmtree("%s/%s" % (world, name), ignore_errors=True)
    for name in os.listdir(world + "/state"):
        path = "%s/state/%s" % (world, name)
        if name != "bases":
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    for name in os.listdir(world + "/state/bases"):
        if name.startswith(("other.", ".making")):
            os.unlink("%s/state/bases/%s" % (world, name))
    subprocess.run(["cp", "-a", "--sparse=always"] + ["%s/template/%s" % (world, n) for n in ("state", "guests.d", "kept")] + [world], check=True)
    if os.path.exists(hit):
        os.unlink(hit)


def run(words, at, code, out=subprocess.DEVNULL):
    env = dict(os.environ, LD_PRELOAD=fault, FAULT_AT=str(at), FAULT_ERRNO=str(code), FAULT_HIT=hit, LC_ALL="C")
    done = subprocess.run([lodge, "-c", file] + words, env=env, stdin=subprocess.DEVNULL, stdout=out,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=120)
    return (done.returncode, done.stderr) if out == subprocess.DEVNULL else (done.returncode, done.stdout)


def sweep(words, codes, plain=(0,)):
    begin()
    status, text = run(words, 0, 0)
    ok(status in plain and fault_of(text, status) is None, "lodge %s: exit %d" % (" ".join(words), status), [] if status in plain else text.splitlines())
    for code in codes:
        wrong, rounds, failed = [], 0, 0
        for at in range(1, ROUNDS):
            begin()
            status, text = run(words, at, code)
            if not os.path.exists(hit):
                break
            rounds += 1
            failed += status not in plain
            with open(hit) as calls:
                call = calls.readline().strip()
            why = fault_of(text, status)
            if why:
                wrong.append("%s (exit %d): %s" % (call.replace(world, "W"), status, why.replace(world, "W")))
        ok(0 < rounds < ROUNDS - 1 and not wrong, "lodge %s: %s at each of %d calls, %d of them fatal" % (" ".join(words), errno.errorcode[code], rounds, failed), wrong[:40])


def told(word, before, wanted, of):
    """`bases WORD -j`: whatever fails of a base, it is told, with why, and what is not known is not called changed."""
    wrong, seen = [], set()
    for at in range(1, ROUNDS):
        begin()
        before()
        status, text = run(["guest", "bases", word, "-j"], at, errno.EACCES, subprocess.PIPE)
        if not os.path.exists(hit):
            break
        with open(hit) as calls:
            call = calls.readline().strip()
        bases = {b["name"]: b for b in json.loads(text)["bases"]} if text else {}
        one = bases.get(of)
        if one:
            seen.add(one["found"])
        if one["found"] not in wanted or (status != 0 and one["found"] != "gone" and not one["why"]) if one else re.search(r"/state/.*\.(img|base)$", call):
            wrong.append("%s (exit %d): %s" % (call.replace(world, "W"), status, one))
    ok(not wrong and seen == set(wanted), "lodge guest bases %s -j: %s is %s" % (word, of, " or ".join(sorted(seen))), wrong)


def spare():
    for end in ("img", "base"):
        with open("%s/state/bases/other.%s" % (world, end), "w") as file:
            file.write("x" * 8192)


told("check", lambda: os.chmod(world + "/state/bases/tree.img", 0o600), ("ok", "unknown"), "tree")
told("sweep", spare, ("gone", "kept"), "other")
BOTH = (errno.ENOSPC, errno.EACCES)
for words in (["check"], ["routes"], ["link", "alice", "--new"], ["link"], ["guest", "list"], ["kernel"]):
    sweep(words, (errno.EACCES, errno.EMFILE), (0, 1, 2) if words == ["kernel"] else (0,))
for words in (["status"], ["usage"], ["top", "-n", "1"]):
    sweep(words, (errno.EACCES,), (3,))
sweep(["guest", "backup", "alice", world + "/kept/new.lodge"], BOTH + (errno.EMFILE,))
sweep(["guest", "restore", world + "/kept/alice.lodge", "carol"], BOTH)
sweep(["guest", "clone", "alice", "carol"], BOTH)
sweep(["guest", "resize", "alice", "32M"], BOTH)
sweep(["guest", "destroy", "alice", "--yes"], BOTH)
sweep(["guest", "bases", "list"], (errno.EACCES,))
sweep(["guest", "bases", "check"], (errno.EACCES,))
sweep(["guest", "bases", "sweep"], (errno.EACCES,))
sweep(["guest", "create", "carol", "--from", world + "/tree", "--disk", "16M", "--memory", "96M", "--ssh-key", "none"], (errno.ENOSPC,))
sweep(["guest", "backup", "bob", world + "/kept/new.lodge"], (errno.ENOSPC,))
sweep(["guest", "create", "carol", "--from", world + "/tree", "--base", "other", "--disk", "16M", "--memory", "96M", "--ssh-key", "none"], (errno.ENOSPC,))
print("1..%d" % count)
sys.exit(bad != 0)
