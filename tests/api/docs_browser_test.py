#!/usr/bin/env python3
"""Opens /docs of the JSON example in a real browser and uses it as a person would.

    docs_browser_test.py path/to/example_json_service

Speaks the WebDriver protocol (W3C) to chromedriver with the standard library alone.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

REMEDY = "apt-get install --no-install-recommends chromium chromium-driver"
WAIT_SECONDS = 60  # generous: the machine may be busy with other tests

BROWSER_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--force-prefers-reduced-motion", "--window-size=1200,1000",
]


class Failed(Exception):
    """The page did not do what it should."""


def wait_for(what, question):
    """Asks until the answer is true, and gives the answer."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise Failed(f"waited {WAIT_SECONDS} s in vain for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """One chromedriver with one session."""

    def __init__(self, profile):
        port = free_port()  # chromedriver cannot say which port it chose
        self.url = f"http://127.0.0.1:{port}"
        self.session = None
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver"), f"--port={port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("chromedriver", self.is_ready)
        options = {"binary": shutil.which("chromium"),
                   "args": BROWSER_ARGUMENTS + [f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = made["sessionId"]

    def is_ready(self):
        try:
            return self.call("GET", "/status")["ready"]
        except OSError:
            return False

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Failed(f"{method} {path}: {error.read().decode()[:400]}") from error

    def do(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def script(self, text, *arguments):
        return self.do("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def find(self, selector):
        found = self.do("POST", "/element", {"using": "css selector", "value": selector})
        return "/element/" + next(iter(found.values()))

    def click(self, selector):
        self.do("POST", self.find(selector) + "/click", {})

    def type(self, selector, text):
        element = self.find(selector)
        self.do("POST", element + "/clear", {})
        self.do("POST", element + "/value", {"text": text})

    def text(self, selector):
        return self.script(
            "const found = document.querySelector(arguments[0]);"
            "return found === null ? '' : found.innerText;", selector)

    def complaints(self):
        """What the browser's console says about the page, but for refusals we provoked."""
        lines = self.do("POST", "/se/log", {"type": "browser"})
        return [line["message"] for line in lines
                if line["level"] == "SEVERE" and "status of 422" not in line["message"]]

    def close(self):
        try:
            if self.session:
                self.call("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=WAIT_SECONDS)


def check(what, is_true, seen=""):
    if not is_true:
        raise Failed(f"{what}: {seen!r}")
    print(f"ok: {what}")


def send(browser, body, status):
    """Types a body into the opened route, sends it, waits for this status."""
    browser.type("#post_seats textarea.body", body)
    browser.click("#post_seats button.send")
    wait_for(f"the status {status}",
             lambda: browser.text("#post_seats .outcome .status").startswith(status))


def use_page(browser, url):
    browser.do("POST", "/url", {"url": url})
    wait_for("the page", lambda: browser.script("return document.documentElement.dataset.ready"))
    check("the title is the service's", browser.text("h1") == "Seats", browser.text("h1"))

    browser.type("#filter", "nothing like it")
    check("the filter hides what does not match",
          browser.script("return document.querySelector('#post_seats').hidden"))
    browser.type("#filter", "reserve")
    check("the filter finds by summary",
          not browser.script("return document.querySelector('#post_seats').hidden"))

    browser.click("#post_seats > summary")
    wait_for("the route's content", lambda: browser.text("#post_seats .schema"))
    fields = browser.text("#post_seats .schema")
    check("the body's fields are shown with their rules",
          "student" in fields and "1 to 40 characters" in fields and "1 to 4" in fields, fields)
    example = browser.script("return document.querySelector('#post_seats textarea.body').value")
    check("the example is the documented one",
          json.loads(example) == {"student": "Ada"}, example)

    send(browser, '{"seats": 9}', "422")
    faults = browser.text("#post_seats .faults")
    check("a bad body shows every fault",
          re.search(r"body\.student Field required", faults) and "body.seats" in faults, faults)

    send(browser, '{"student": "Grace", "seats": 2}', "200")
    answer = browser.text("#post_seats .payload")
    check("a good body shows the answer",
          json.loads(answer) == {"message": "Grace has 2 of 4 seats"}, answer)

    browser.click("#post_seats .command > summary")
    curl = browser.text("#post_seats .curl")
    check("the curl command is this request",
          "curl -X POST" in curl and "/seats'" in curl and '"Grace"' in curl, curl)


def use_tokens(browser):
    browser.click("#authorize")
    browser.type("#token-Bearer", "a.b.c")
    check("the button says that a token is set",
          browser.text("#authorize") == "Authorized (1)", browser.text("#authorize"))
    check("the token is kept for this tab only",
          browser.script("return sessionStorage.length === 1 && localStorage.length === 0"))
    check("no console errors, nothing refused by the content policy",
          not browser.complaints(), browser.complaints())


def main():
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        sys.exit(f"{' and '.join(missing)} not found; install with: {REMEDY}")
    service = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
    browser = None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        try:
            url = service.stdout.readline().strip()
            browser = Browser(profile)
            use_page(browser, url)
            use_tokens(browser)
        except Failed as failure:
            sys.exit(f"FAILED: {failure}")
        finally:
            if browser:
                browser.close()
            service.terminate()
            service.wait(timeout=WAIT_SECONDS)


if __name__ == "__main__":
    main()
