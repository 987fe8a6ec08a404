"""Each command's JSON against lodge(8): every field there is documented, and every documented field comes.

In the manual a command's description of its JSON begins behind the lines "With" and ".Fl j"; there .Cm is a field's name and
nothing else is.
"""
import json
import os
import re
import subprocess
import sys

W, LODGE, TOP = os.environ["W"], os.environ["LODGE"], os.environ["TOP"]
PROGRAMS = {"natd", "proxy", "acct", "web"}  # what they answer is their own manuals'
tests = failed = 0


def ok(good, title, *more):
    global tests, failed
    tests += 1
    print("%s %d - %s" % ("ok" if good else "not ok", tests, title))
    if not good:
        failed += 1
        print("\n".join("# " + line for one in more for line in str(one).splitlines()[-40:]))
    sys.stdout.flush()


def words(lines):
    """Of .Cm and .It Cm, up to what is set otherwise."""
    found = set()
    for line in lines:
        match = re.match(r"\.(?:It )?Cm (.*)", line)
        if match:
            found |= set(re.findall(r"[a-z0-9_]{2,}", re.split(r" (?:No|Pq|Ns|Ar|Op) ", match[1])[0]))
    return found


def documented():
    """Of each command whose description has it."""
    page = open(TOP + "/cli/lodge.8").read().split("\n")
    page = page[page.index(".Sh DESCRIPTION"):]
    depth, command, inside, out = 0, None, False, {}
    for before, line in zip(page, page[1:]):
        depth += line.startswith(".Bl ") - (line == ".El")
        match = re.match(r"\.It Cm ((?:guest |kernel )?[a-z]+)", line)
        if depth == 1 and match:
            command, inside = match[1], False
        if depth == 0 and out:
            break
        if before == "With" and line == ".Fl j":
            inside = True
            out[command] = []
        elif inside:
            out[command].append(line)
    return {command: words(lines) for command, lines in out.items()}


def synopsis():
    """The commands that take -j as a word of its own."""
    page = open(TOP + "/cli/lodge.8").read()
    page = page[page.index(".Sh SYNOPSIS"):page.index(".Sh DESCRIPTION")]
    return {re.search(r"\.Cm ([a-z ]+)", part)[1] for part in page.split("\n.Nm\n") if re.search(r"^\.Op Fl j( \||$)", part, re.M)}


def record_fields():
    page = open(TOP + "/ledger/lodge-keys.7").read()
    names = set(re.findall(r"^\.It Cm ([a-z_]+)$", page, re.M))
    return names | {name.replace("to_guest", "from_guest") for name in names if name != "undelivered_to_guest"}


def fields(value):
    if isinstance(value, list):
        return set().union(*map(fields, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(fields(v) if k not in PROGRAMS else set(v) & {"state"} for k, v in value.items()))


def ask(arguments, file="lodge.yaml", status=0):
    """Whole objects, one after another."""
    got = subprocess.run([LODGE, "-c", W + "/" + file] + arguments.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, text, objects = json.JSONDecoder(), got.stdout.lstrip(), []
    try:
        while text:
            one, end = out.raw_decode(text)
            objects.append(one)
            text = text[end:].lstrip()
    except ValueError as error:
        ok(False, "lodge %s is JSON" % arguments, error, got.stdout, got.stderr)
        return []
    ok(objects and all(one.get("version") == 1 for one in objects), "lodge %s is JSON with a version" % arguments, got.stdout, got.stderr)
    ok(status is None or got.returncode == status, "and exits as documented", got.returncode, got.stderr)
    return objects


ASKED = {
    "init": [("init -n -j", "none.yaml"), ("init -j", "lodge.yaml", 2), ("init -j", "new/lodge.yaml")],
    "status": [("status -j",), ("status --json alice",), ("guest status -j bob",), ("status -j", "nowhere.yaml")],
    "usage": [("usage -j",), ("usage -j", "nowhere.yaml", 3), ("usage alice --by day -j",)],
    "top": [("top -j -n 2 -d 0.1",)],
    "routes": [("routes -j",), ("routes -j alice.example.org ali.example.org ..", "lodge.yaml", 2)],
    "link": [("link -j",), ("link alice -j",), ("link --owner -j",), ("link alice --revoke -j",), ("link -j",)],
    "check": [("check -j",), ("check -j", "spoilt.yaml", 2)],
    "apply": [("apply -j",), ("apply -n -j",), ("apply -j", "spoilt.yaml", 2)],
    "guest create": [("guest create dave -n -j --from small --ssh-key none --domain dave.example.org",), ("guest create gail -j --from small --disk 64M --memory 96M --shared --ssh-key none",),
                     ("guest create zoe -j", "zoe.yaml")],
    "guest clone": [("guest clone carol erin -j",)],
    "guest restore": [("guest restore -j %s/carol.tar frank" % W,)],
    "guest bases": [("guest bases list -j",), ("guest bases check -j",), ("guest bases sweep -j",)],
    "doctor": [("doctor -j", "lodge.yaml", None)],
    "guest": [("guest -j",), ("guest list -j",)],
    "kernel": [("kernel -j",), ("kernel list -j",)],
    "kernel test": [("kernel test -j", "lodge.yaml", None)],
}

manual = documented()
manual["kernel test"] = manual["doctor"]
manual["guest clone"] = manual["guest restore"] = manual["guest create"]
manual["usage"] |= record_fields()
manual["apply"] |= manual["check"] - {"good", "guests", "more"}
ok(synopsis() == set(ASKED), "each command that takes -j is asked here", synopsis())
for command, ways in ASKED.items():
    came = set()
    for way in ways:
        came |= fields(ask(*way))
    ok(came and not came - manual[command], "lodge %s: each field is in the manual" % command, came - manual[command])
    ok(not manual[command] - came, "lodge %s: each field of the manual comes" % command, manual[command] - came)
one, = ask("status -j alice")
ok(one["memory_used_bytes"] and one["disk_used_bytes"] and one["rate"] and one["cpu_percent"] is not None and one["curb"]["bit_s"] == 2000000,
   "a guest that runs has its numbers", one)
one, = ask("init -j", "new/lodge.yaml", 2)
ok(not one["written"] and one["network"] == "192.168.78.0/24" and one["http"], "a file that is there stays, and what was seen is told", one)
one, = ask("check -j", "spoilt.yaml", 2)
said = one["findings"][0]
lines = open(W + "/spoilt.yaml").read().split("\n")
ok(not one["good"] and one["guests"] is None and said["kind"] == "error" and said["file"] == W + "/spoilt.yaml"
   and lines[said["line"] - 1][said["column"] - 1:].startswith("colour") and said["hint"] is None, "a mistake has its place", one)
ok(any(note["line"] for mistake in one["findings"] for note in mistake["notes"]), "the other place is a note", one)
one, = ask("check -j", "tabs.yaml", 2)
ok(one["findings"][0]["hint"] == "indent with spaces; YAML takes no tabs here", "what to write is a hint", one)
one, = ask("check -j", "none.yaml", 2)
ok(one["findings"][0]["line"] is None and "No such file" in one["findings"][0]["text"], "a file that is not there has no line", one)
one, = ask("guest create dave -n -j --from small --ssh-key none --domain .dave.dev")
ok(not one["made"] and one["domains"] == [".dave.dev"] and one["ssh"] and not os.path.exists(one["file"]), "what a guest would be", one)
one, = ask("apply -j")
ok({"program": "lodge-natd", "did": "reloaded", "why": None} in one["programs"] and one["changes"] == [], "what was done", one)
one, = ask("guest bases list -j")
ok([base["guests"] for base in one["bases"]] == [["carol", "erin", "gail"]] and one["bases"][0]["size_bytes"] == 64 << 20, "who stands on a base", one)
print("1..%d" % tests)
sys.exit(failed > 0)
