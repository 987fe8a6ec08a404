"""Each call that a command makes fails once, for real: whatever it says then, it ends with the next thing to try.

usage: errors.py WORLD LODGE FAULT.so; WORLD/template is the state that each run begins with, WORLD/lodge.yaml its file."""
import errno
import os
import re
import shutil
import subprocess
import sys

world, lodge, fault = sys.argv[1:4]
file, hit = world + "/lodge.yaml", world + "/hit"
ROUNDS = 400  # no command makes more calls of these

# What a person can do: a command to type, a thing to change, a place to look at.
NEXT = re.compile(r"""
    \blodge\ [a-z-]+ | \b(?:df\ -|ls\ -|findmnt\ |lsattr\ |fuser\ |ulimit\ -|free\ -h|readlink\ -|mkdir\ -p|strace\ |ssh-keygen|sysctl\ )
    | \bas\ root\b | \bsudo\b | \btry\ (?:again|as)\b | \b(?:name|take|write|make|mend|remove|reinstall|install|move|leave)\ [a-z]
    | \bdmesg\b | :\d+:\d+:\ """, re.X)
# What the kernel says of an error, with nothing behind it.
WORDS = {os.strerror(code) for code in errno.errorcode}
BARE = re.compile(r"(?:^|[ :])(?:%s)\.?$" % "|".join(map(re.escape, WORDS)))

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
                   ("lodge: /x: Permission denied; try as root\nlodge: x: Input/output error", False)):
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


def run(words, at, code):
    env = dict(os.environ, LD_PRELOAD=fault, FAULT_AT=str(at), FAULT_ERRNO=str(code), FAULT_HIT=hit, LC_ALL="C")
    done = subprocess.run([lodge, "-c", file] + words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=120)
    return done.returncode, done.stderr


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
        ok(rounds > 0 and not wrong, "lodge %s: %s at each of %d calls, %d of them fatal" % (" ".join(words), errno.errorcode[code], rounds, failed), wrong[:40])


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
