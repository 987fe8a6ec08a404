"""The examples of the manual: cuts them out of the very pages, compares what is shown with what came, and says which are not tried.

usage: examples.py cut PAGE WORDS DIR    the one example with these words: DIR/1.cmd, DIR/1.shown, DIR/2.cmd …; prints how many
       examples.py like SHOWN GOT [any]  whether each shown line came, in that order (or any), but for numbers
       examples.py same SHOWN GOT        whether it is the same to the byte
       examples.py files LIST            whether each path, or a folder it lies in, is named in a page
       examples.py gate                  whether each example is tried, or named with a reason, by a test, and no other is
"""
import glob, os, re, sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = ["tests/system/examples", "tests/system/walk"]
PLAIN = [("\\e", "\\"), ("\\(->", "→"), ("\\&", ""), ("\\-", "-"), ("\\(bu", "•")]


def pages():
    files = glob.glob(TOP + "/*/*.[1578]") + [TOP + "/README.md", TOP + "/docs/walk.md"]
    return {os.path.basename(f): f for f in sorted(files) if os.path.exists(f)}


def of_manual(text):
    """(lead, lines) of each display in EXAMPLES; a lead is what stands between two of them."""
    lead, block, inside, on = [], [], False, False
    for line in text.splitlines() + [".Sh END"]:
        dl = on and not inside and re.match(r"\.Dl (.*)", line)
        if block and not inside and not dl:
            yield " ".join(lead), block
            lead, block = [], []
        if line.startswith(".Sh"):
            on = line == ".Sh EXAMPLES"
        elif not on:
            continue
        elif dl:
            block.append(dl[1])
        elif line.startswith(".Bd"):
            inside = True
        elif line.startswith(".Ed"):
            inside = False
        elif inside:
            block.append(line)
        elif line != ".Pp":
            lead.append(re.sub(r"^\.[A-Z][a-z] ", "", line))


def of_markdown(text):
    """Likewise the fenced blocks of commands and of files; a picture is none."""
    lead, block, fence, ended = [], [], None, False
    for line in text.splitlines():
        if fence is not None and line == "```":
            if fence or any(re.match(r"[$#] ", l) for l in block):
                yield " ".join(lead), block
            lead, block, fence, ended = [], [], None, False
        elif fence is not None:
            block.append(line)
        elif line.startswith("```"):
            fence = line[3:]
        elif not line.strip():
            ended = True
        else:
            lead = lead * (not ended) + [line]
            ended = False


def examples(page):
    text = open(pages()[page]).read()
    if page.endswith(".md"):
        yield from of_markdown(text)
        return
    for lead, block in of_manual(text):
        for was, now in PLAIN:
            block = [l.replace(was, now) for l in block]
        yield lead, block


def commands(block):
    """(command, what is shown of its output). Without a prompt it is all one command that shows nothing."""
    if not re.match(r"[$#] ", block[0]):
        return [("\n".join(block), [])]
    found, more = [], False
    for line in block:
        if re.match(r"[$#] ", line) and not more:
            found.append([line[2:], []])
        elif more:
            found[-1][0] += "\n" + line
        else:
            found[-1][1].append(line)
            continue
        quotes = found[-1][0].count("'") % 2
        more = quotes or re.search(r"[\\|]$", line)
    return found


def the_one(page, words):
    found = [(lead, block) for lead, block in examples(page) if words in lead + "\n" + "\n".join(block)]
    if len(found) != 1:
        sys.exit("%s: %d examples with «%s»" % (page, len(found), words))
    return found[0][1]


def cut(page, words, where):
    found = commands(the_one(page, words))
    for n, (command, shown) in enumerate(found, 1):
        open("%s/%d.cmd" % (where, n), "w").write(command + "\n")
        open("%s/%d.shown" % (where, n), "w").write("".join(l + "\n" for l in shown))
    print(len(found))


MONTH = "January February March April May June July August September October November December".split()
VALUE = "V"


def shape(line):
    """A line with what differs from run to run taken out: numbers, bars, months, tokens."""
    line = re.sub(r"/k/[a-z2-7]{20,}", "/k/TOKEN", line)
    line = re.sub(r"\b(%s)\b" % "|".join(MONTH), "MONTH", line)
    line = re.sub(r"[█▏▎▍▌▋▊▉░▒]+", " ", line)
    line = re.sub(r"\d[\d.,:]*(?<![.,:])[smhd]?\b", "#", line)
    line = re.sub(r"#\w", lambda m: m[0], line)
    line = re.sub(r"(?:# (?:%|bit/s|[kMGT]bit/s|B|[kMGT]B)(?=\s|$|[,;)])|(?<=\s)-(?=\s|$))", VALUE, line)
    return " ".join(line.split())


def fits(shown, got):
    shown, got = shape(shown), shape(got)
    if "…" not in shown:
        return shown == got
    return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), got)


def like(shown, got, any_order):
    shown = [l for l in open(shown).read().splitlines() if l.strip() and l.strip() != "…"]
    got = open(got, errors="replace").read().splitlines()
    at = 0
    for line in shown:
        found = next((i for i in range(at, len(got)) if fits(line, got[i])), None)
        if found is None:
            sys.exit("shown, and did not come: %s\nas a shape:             %s\nwhat came:\n%s" %
                     (line, shape(line), "\n".join(l + "\n    " + shape(l) for l in got[-30:])))
        if not any_order:
            at = found + 1


def files(listed):
    manual = "\n".join(open(f).read() for name, f in pages().items() if not name.endswith(".md"))
    manual = manual.replace("RUN/", "/run/lodge/").replace("STATE/", "/var/lib/lodge/")
    missing = []
    for path in open(listed).read().split():
        parts = path.split("/")
        folders = ["/".join(parts[:n]) + "/" for n in range(5, len(parts) + 1)]
        if not (re.search(re.escape(path) + r"\b", manual) or any(re.search(re.escape(f) + r"(\s|$)", manual, re.M) for f in folders)):
            missing.append(path)
    if missing:
        sys.exit("in no page: " + " ".join(missing))


def gate():
    named, bad = set(), []
    for test in TESTS:
        if not os.path.exists(TOP + "/" + test):
            continue
        for line in open(TOP + "/" + test):
            call = re.match(r"\s*(example|untried) (\S+) ('[^']*'|\"[^\"]*\")", line)
            if not call:
                continue
            page, words = call[2], call[3][1:-1]
            hits = [n for n, (lead, block) in enumerate(examples(page)) if words in lead + "\n" + "\n".join(block)] \
                if page in pages() else []
            if len(hits) != 1:
                bad.append("%s names an example of %s that is there %d times: «%s»" % (test, page, len(hits), words))
            named.update((page, n) for n in hits)
    for page in pages():
        for n, (lead, block) in enumerate(examples(page)):
            if (page, n) not in named:
                bad.append("%s: nobody tries the example «%s» (%s)" % (page, block[0], lead[-60:]))
    for line in bad:
        print("examples: " + line)
    if bad:
        sys.exit("examples: `example` or `untried` in %s names each" % " or ".join(TESTS))
    print("examples: ok (%d)" % len(named))


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or [""]
    if what == "cut":
        cut(*rest)
    elif what == "like":
        like(rest[0], rest[1], rest[2:] == ["any"])
    elif what == "same":
        a, b = open(rest[0]).read(), open(rest[1]).read()
        if a != b:
            sys.exit("shown:\n%s\ncame:\n%s" % (a, b))
    elif what == "files":
        files(*rest)
    elif what == "gate":
        gate()
    else:
        sys.exit(__doc__)
