"""A link to the usage page, opened at a phone's width: says the status, the heading, and how wide the page is.

usage: phone.py URL ADDRESS:PORT FOLDER    the name in the URL is at that address; FOLDER is for what the browser keeps
"""
import os
import sys
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from browser import Browser

WIDTH, HEIGHT = 390, 844

url, at, folder = sys.argv[1:]
browser = Browser(folder, "--host-resolver-rules=MAP %s %s" % (urlsplit(url).hostname, at))
page = browser.page(WIDTH, HEIGHT)
status = page.go(url, 240)
print(status, page.eval("document.querySelector('h1').textContent"), page.eval("document.documentElement.scrollWidth"))
print(*page.complaints(), sep="\n")
browser.close()
