"""See tests/system/web_browser: it runs where a client is, and starts what a guest does in its namespace."""
from usagepage import *
from browser import Browser

WORLD, BASE = os.environ["W"], "https://usage.test"
OWNER, ALICE_TOKEN, CHEN = (os.environ[n] for n in ("OWNER", "ALICE", "CHEN"))
SHOTS = os.environ.get("SHOTS")
open(W + "/log", "w").close()


def redis(*words):
    return subprocess.run(["redis-cli", "-s", os.environ["SOCK"], *map(str, words)], capture_output=True, text=True).stdout.strip()


seed(redis, "chen", 40000000, 10000000)
seed(redis, "dave", 40000000, 10000000)  # 16 GB, of a quota of 10
seed(redis, "frank-who-has-the-longest-name-x", 2300000000, 900000000)  # all but all of a quota
NAMES = ["alice", "bob", "chen", "dave", "erika", "frank-who-has-the-longest-name-x"]
spki = subprocess.run("openssl x509 -in %s/cert.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"
                      % WORLD, shell=True, check=True, capture_output=True, text=True).stdout.strip()
browser = Browser(W, "--host-resolver-rules=MAP usage.test " + os.environ["HOST_IP"], "--ignore-certificate-errors-spki-list=" + spki)


def shot(page, name):
    if SHOTS:
        page.shot("%s/%s.png" % (SHOTS, name))


# --- on a phone and on a desk, by day and by night --------------------------------------------------------------------------

HEIGHTS = """(() => { const svg = document.querySelector('#hour').parentNode.querySelector('svg');
    const ticks = [...svg.querySelectorAll('text.y')].map(t => +t.textContent);
    return {unit: svg.querySelector('text.u').textContent, top: Math.max(...ticks), n: svg.querySelectorAll('g').length,
        to: [...svg.querySelectorAll('rect.t')].map(r => +r.getAttribute('height')),
        from: [...svg.querySelectorAll('rect.f')].map(r => +r.getAttribute('height'))}})()"""
SMALLEST = """Math.min(...[...document.querySelectorAll('figure text')].map(t => {
    const r = t.ownerSVGElement.getBoundingClientRect(); return parseFloat(getComputedStyle(t).fontSize) * r.width / 360}))"""
# The least contrast of a text with what lies behind it, and whose; colours as the browser made them.
CONTRAST = r"""(() => { const parse = c => c.match(/[\d.]+/g).map(Number);
    const light = c => { const [r, g, b] = parse(c).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b};
    const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, p = parse(c);
        if (p.length < 4 || p[3] > 0) return c } return 'rgb(255,255,255)'};
    let least = [99, ''];
    for (const e of document.querySelectorAll('body *')) {
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length || e.closest('.hide,.skip,title,desc,script')) continue;
        const style = getComputedStyle(e), a = light(e.ownerSVGElement ? style.fill : style.color), b = light(ground(e));
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < least[0]) least = [ratio, e.tagName + '.' + (e.getAttribute('class') || '') + ': ' + e.textContent.trim().slice(0, 30)];
    } return least})()"""
for width, height in ((320, 640), (390, 844), (1280, 900)):
    for dark in (False, True):
        name = "%d px, %s" % (width, "dark" if dark else "light")
        page = browser.page(width, height, dark)
        ok(page.go(BASE + "/k/" + OWNER) == 200, name + ": the owner's link opens the page")
        ok([e for e in page.eval("[...document.querySelectorAll('th a')].map(a => a.textContent)")] == NAMES,
           name + ": with all guests")
        shot(page, "home-%d-%s" % (width, "dark" if dark else "light"))
        ok(page.go(BASE + "/g/chen") == 200 and page.eval("document.querySelector('h1').textContent") == "chen", name + ": one guest's page")
        for what in ("/", "/g/dave", "/g/erika", "/g/" + NAMES[-1], "/g/chen"):
            page.go(BASE + what)
            ok(page.eval("document.documentElement.scrollWidth") <= width, name + ": %s is not wider than the screen" % what,
               page.eval("document.documentElement.scrollWidth"))
            least = page.eval(CONTRAST)
            ok(4.5 <= least[0] < 99, name + ": each text of %s can be told from its ground" % what, least)
            if what not in ("/", "/g/chen"):
                shot(page, "%s-%d-%s" % (what[3:8], width, "dark" if dark else "light"))
        ground = page.eval("getComputedStyle(document.body).backgroundColor")
        ok((sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == dark, name + ": its ground is as the person wants it", ground)
        ok(page.eval(SMALLEST) >= 9, name + ": the charts' letters can be read", page.eval(SMALLEST))
        shot(page, "guest-%d-%s" % (width, "dark" if dark else "light"))
        ok(page.complaints() == [], name + ": the browser holds nothing against it", page.complaints())

# --- for whoever does not look, or does not point ---------------------------------------------------------------------------

ok(page.eval("document.documentElement.lang") == "en" and page.eval("document.querySelectorAll('h1').length") == 1 and
   page.eval("document.querySelectorAll('main').length") == 1, "the page says its language, and has one heading and one main part")
ok(page.eval("[...document.querySelectorAll('th')].every(t => t.scope) && [...document.querySelectorAll('svg')].every("
             "s => s.getAttribute('aria-hidden') === 'true' || (s.getAttribute('role') === 'img' && (s.getAttribute('aria-label') || s.getAttribute('aria-labelledby'))))"),
   "each heading of a table says of what, each drawing has words or is none of a reader's")
ok(page.eval("document.getAnimations().length + [...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration)).length") == 0,
   "nothing moves by itself")
want = page.eval("[...document.querySelectorAll('a,summary')].map(e => e.textContent)")
page.eval("document.activeElement.blur()")
stops = []
for _ in want:
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    stops.append(page.eval("document.activeElement.textContent"))
    if len(stops) in (1, 3):
        ok(page.eval("(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))") and
           page.eval("document.activeElement.getBoundingClientRect().width") > 10, "where the keyboard is can be seen: " + stops[-1])
ok(stops == want and "to the numbers" == stops[0], "the keyboard goes from link to link as they stand", (stops, want))

# --- a script that came in would do nothing -----------------------------------------------------------------------------------

INJECT = """(() => { const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s);
    const a = document.createElement('div'); a.innerHTML = '<img src=x onerror="window.broken = 2"><style>body{color:red}</style><p style="color:red">';
    document.body.append(a); return new Promise(r => setTimeout(() => r([window.broken || 0, getComputedStyle(a.lastChild).color]), 300))})()"""
stained = browser.page()
stained.go(BASE + "/k/" + OWNER)
got = stained.eval(INJECT)
said = " ".join(stained.complaints())
ok(got[0] == 0 and got[1] != "rgb(255, 0, 0)", "a script or a style that came into the page does nothing", got)
ok(re.search("inline script", said) and re.search("inline event handler", said) and re.search("inline style", said), "and the browser says why, which fails each of the other pages here",
   stained.complaints())
ok(stained.eval("fetch('https://example.org/').then(() => 1, () => 0)") == 0, "nor is anybody else called")

# --- charts ------------------------------------------------------------------------------------------------------------------

h = page.eval(HEIGHTS)
top = h["top"] * {"MB": 1e6, "GB": 1e9, "kB": 1e3}[h["unit"]]
want = [44e6 * (n + 1) * 140 / top for n in range(24)]
ok(h["n"] == 24 and all(abs(a - b) < 0.02 for a, b in zip(h["to"], want)), "24 bars as high as their bytes on the wire", (h, want))
ok(all(abs(a - b / 4) < 0.02 for a, b in zip(h["from"], want)), "and upon each what came from the guest")
ok(24 * 55e6 <= top <= 2 * 24 * 55e6, "the axis ends above them, not far", top)
ok(page.eval("document.querySelectorAll('figure svg[role=img][aria-labelledby] desc').length") == 3, "each chart has words for who cannot see it")
rows = page.eval("[...document.querySelectorAll('#hour ~ .data tbody tr')].map(r => [...r.children].map(c => c.textContent))")
ok(len(rows) == 24 and rows[0][1:] == ["1.1 GB", "264 MB"], "and a table behind it", rows[:2])
ok(page.eval("document.querySelector('#hour ~ .data details').open = true; document.querySelector('.data table').offsetHeight") > 100,
   "which opens")
bar = page.eval("(() => {const r = document.querySelectorAll('.bar rect'); return r[1].getAttribute('width') / r[0].getAttribute('width')})()")
billed = int(redis("HGET", "lodge:{chen}:m:" + utc(NOW).strftime("%Y%m01"), "billed"))
ok(abs(bar - billed / 100e9) < 0.002, "the bar is as long as what is used", (bar, billed))
ok("chen is held to 1.0\u00a0Mbit/s each way" in page.eval("document.querySelector('.say').textContent"), "and says what follows")
down = W + "/down"
os.mkdir(down)
browser.call("Browser.setDownloadBehavior", behavior="allow", browserContextId=page.context, downloadPath=down, eventsEnabled=True)
page.eval("document.querySelector('a.csv[href=\"/g/chen/hour.csv\"]').click()")
browser._pump(lambda: any(e["method"] == "Browser.downloadProgress" and e["params"]["state"] != "inProgress" for e in browser.events))
saved = {name: open(os.path.join(down, name), newline="").read() for name in os.listdir(down)}
want = subprocess.run(["nsenter", "--net=%s/ns/host" % WORLD, LODGE, "-c", WORLD + "/lodge.yaml", "usage", "chen", "--by", "hour", "--csv"],
                      check=True, capture_output=True, text=True).stdout
csv = list(saved.values())[0] if len(saved) == 1 else ""
ok(csv.startswith("guest,start,") and csv.count("\r\n") >= 25 and csv == want.replace("\n", "\r\n").replace("\r\r", "\r"),
   "a click on CSV saves a file, with what lodge usage has", (list(saved), csv[:300], want[:300]))
ok(list(saved) == ["hour.csv"], "under the name that the link has", list(saved))

# --- whose -------------------------------------------------------------------------------------------------------------------

page = browser.page()
ok(page.go(BASE + "/") == 403 and page.go(BASE + "/g/alice") == 403, "a stranger's browser gets 403")
ok(page.go(BASE + "/k/" + "a" * 32) == 403, "and with a wrong link")
ok(page.go(BASE + "/k/" + CHEN) == 200 and page.eval("document.querySelector('h1').textContent") == "chen", "a tenant's link opens their page")
ok(page.go(BASE + "/g/alice") == 403, "and nobody else's")
ok("alice" not in page.eval("document.documentElement.outerHTML"), "whose name it does not say")
subprocess.run(["nsenter", "--net=%s/ns/host" % WORLD, LODGE, "-c", WORLD + "/lodge.yaml", "link", "chen", "--revoke"], check=True)
ok(page.go(BASE + "/") == 403, "a link that was taken back is none any more")

# --- now ---------------------------------------------------------------------------------------------------------------------

page = browser.page()
ok(page.go(BASE + "/k/" + ALICE_TOKEN) == 200, "alice looks at her page")
ok(within(20, lambda: page.eval("document.getElementById('how').textContent") == "this second"), "which is live")


def rate(which):
    number, unit = page.eval("document.getElementById('%s').textContent" % which).split()
    return float(number) * {"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}[unit]


ok(within(20, lambda: rate("to") < 1e6), "nothing moves", rate("to"))
load = subprocess.Popen(["iperf3", "-c", "192.168.77.2", "-p", "5201", "-b", "40M", "-t", "25"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
ok(within(20, lambda: 20e6 < rate("to") < 80e6), "while alice downloads at 40 Mbit/s it says so", rate("to"))
ok(within(20, lambda: page.eval("document.querySelector('#trace .t').getAttribute('d').split('L').length") > 3), "and draws it")
shot(page, "live-1280-light")
load.terminate()
load.wait()
ok(within(20, lambda: rate("to") < 1e6), "and when she has it, that too", rate("to"))
ok(page.complaints() == [], "the browser holds nothing against that", page.complaints())
still = browser.page(script=False)
ok(still.go(BASE + "/k/" + ALICE_TOKEN) == 200 and still.eval("document.getElementById('how').textContent") == "in the last minutes"
   and still.eval("document.getElementById('to').textContent") != "–", "without script there is the average")
browser.close()
done()
