"""A headless chromium, driven through its DevTools pipe: descriptors 3 and 4, JSON with a NUL behind each message."""
import base64
import json
import os
import queue
import subprocess
import tempfile
import threading
import time


class Browser:
    def __init__(self, home, *options):
        to_read, self.to = os.pipe()
        self.fro, to_write = os.pipe()
        for fd in (to_read, to_write):
            os.set_inheritable(fd, True)
        self.said = open(os.path.join(home, "chromium.log"), "ab")
        # 3 and 4 are what chromium reads and writes; whatever lies there goes out of the way first.
        self.process = subprocess.Popen(
            ["sh", "-c", 'r=$1 w=$2; shift 2; exec 9<&"$r" 8>&"$w"; exec 3<&9 4>&8; exec chromium "$@"', "sh", str(to_read),
             str(to_write), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb",
             "--user-data-dir=" + tempfile.mkdtemp(dir=home), "--remote-debugging-pipe", *options, "about:blank"],
            close_fds=True, pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said,
            env={**os.environ, "HOME": home})
        os.close(to_read)
        os.close(to_write)
        self.answers, self.events, self.number = {}, [], 0
        self.got = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        rest = b""
        while True:
            data = os.read(self.fro, 1 << 16)
            if not data:
                self.got.put(None)
                return
            *whole, rest = (rest + data).split(b"\0")
            for message in whole:
                self.got.put(json.loads(message))

    def _pump(self, until, seconds=60):
        end = time.monotonic() + seconds
        while not until():
            message = self.got.get(timeout=max(0.01, end - time.monotonic()))
            if message is None:
                raise RuntimeError("chromium went away")
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.events.append(message)

    def call(self, method, session=None, seconds=60, **params):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        self._pump(lambda: number in self.answers, seconds)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError("%s: %s" % (method, answer["error"]))
        return answer["result"]

    def page(self, width=1280, height=900, dark=False, script=True):
        return Page(self, width, height, dark, script)

    def close(self):
        try:
            self.call("Browser.close", seconds=10)
        except Exception:
            self.process.kill()
        self.process.wait(timeout=30)


class Page:
    def __init__(self, browser, width, height, dark, script):
        self.b = browser
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, **params):
        return self.b.call(method, self.session, **params)

    def events(self, method):
        return [e["params"] for e in self.b.events if e["method"] == method and e.get("sessionId") == self.session]

    def go(self, url, seconds=60):
        """The status of the document that came in the end."""
        before, answers = len(self.events("Page.loadEventFired")), len(self.events("Network.responseReceived"))
        self.call("Page.navigate", url=url)
        self.b._pump(lambda: len(self.events("Page.loadEventFired")) > before, seconds)
        said = [e["response"]["status"] for e in self.events("Network.responseReceived")[answers:] if e["type"] == "Document"]
        return said[-1] if said else None

    def eval(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(expression + ": " + json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def complaints(self):
        """What the browser held against the page: violations of its policy, errors of its script."""
        said = [e["entry"]["text"] for e in self.events("Log.entryAdded") if e["entry"]["level"] in ("error", "warning")]
        said += [e["exceptionDetails"]["text"] for e in self.events("Runtime.exceptionThrown")]
        return said

    def shot(self, path, whole=True):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
