"""usage: typed.py TEXT COMMAND…: the command on a terminal of its own; once it asks («…: ») it is given TEXT, in which \\r, \\003
and \\004 are keys, then nothing more. Prints what the terminal shows; exits as the command does, by a signal 128 and more."""
import codecs
import os
import pty
import select
import signal
import sys
import time

text, command = codecs.decode(sys.argv[1], "unicode_escape").encode(), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # also where a background job started this
    os.execvp(command[0], command)
shown, typed, end = b"", False, time.monotonic() + 60
while time.monotonic() < end:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        data = os.read(terminal, 4096)
    except OSError:  # the other end is closed
        break
    if not data:
        break
    shown += data
    if not typed and shown.endswith(b": "):
        os.write(terminal, text)
        typed = True
else:
    os.kill(pid, 9)
sys.stdout.write(shown.decode(errors="replace").replace("\r", ""))
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
