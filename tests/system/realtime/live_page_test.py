#!/usr/bin/env python3
"""Uses /live in a real browser, beside the real daemons.

    live_page_test.py DIRECTORY_OF_PROGRAMS
"""

import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "api"))

from backend import Backend, School  # noqa: E402
from docs_browser_test import REMEDY, Browser, Failed, check, wait_for  # noqa: E402


def text_of(browser, selector):
    return browser.script("return document.querySelector(arguments[0])?.textContent ?? ''",
                          selector)


def connect(browser, url, bearer):
    browser.do("POST", "/url", {"url": f"{url}/live"})
    wait_for("the page", lambda: browser.script("return document.documentElement.dataset.ready"))
    browser.type("#token", bearer)
    browser.click("#connect")


def use_page(browser, backend, school):
    connect(browser, backend.url, "rubbish")
    wait_for("the refusal", lambda: text_of(browser, "#problem") == "invalid token")
    check("a bad token is refused with a word", True)

    connect(browser, backend.url, school.token("bob"))
    wait_for("the courses", lambda: text_of(browser, "#courses .free"))
    check("courses show their seats", text_of(browser, "#courses .free") == "2 / 3",
          text_of(browser, "#courses .free"))
    browser.click(f"#courses button[data-id='{school.course}']")
    wait_for("the course", lambda: text_of(browser, "#left") == "2")
    check("who is not in it sees it all the same",
          text_of(browser, "#course-title") == f"Course {school.mark}")

    browser.click("#select")
    wait_for("the end of the request",
             lambda: text_of(browser, "#queue li[data-status=completed]") == "you have the seat")
    check("the queue's answer comes live, in one line",
          browser.script("return document.querySelectorAll('#queue li').length") == 1)
    wait_for("the membership", lambda: "in this course" in text_of(browser, "#membership"))
    wait_for("the chat's room", lambda: browser.script(
        "return !document.querySelector('#room').hidden"))

    school.enrol("carol")
    wait_for("the seats", lambda: text_of(browser, "#left") == "0")
    check("seats change live", text_of(browser, "#courses .free") == "0 / 3")
    wait_for("the enrolment", lambda: f"carol{school.mark} enrolled in" in
             text_of(browser, "#feed"))
    check("others' enrolments are told", True)

    browser.type("#message", "hello <b>there</b>")
    browser.click("#send")
    wait_for("the message", lambda: "hello <b>there</b>" in text_of(browser, "#chat"))
    check("the chat shows what was said, as text",
          browser.script("return document.querySelectorAll('#chat li b').length") == 1)


def lose_server(browser, backend, school):
    backend.end("realtime", by_force=True)
    wait_for("the loss", lambda: "again" in text_of(browser, "#state"))
    backend.call("data", "POST", "/deselect/course",
                 {"student_id": school.students["carol"], "course_id": school.course})
    backend.start("realtime")
    wait_for("the way back", lambda: text_of(browser, "#state") == "live")
    wait_for("the freed seat", lambda: text_of(browser, "#left") == "1")
    check("after a restart the page is up to date by itself", True)
    complaints = [line for line in browser.complaints() if "WebSocket connection" not in line]
    check("no console errors, nothing refused by the content policy", not complaints, complaints)


def main():
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        sys.exit(f"{' and '.join(missing)} not found; install with: {REMEDY}")
    backend = Backend(os.path.abspath(sys.argv[1])).start()
    browser = None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        try:
            school = School(backend, capacity=3)
            school.enrol("alice")
            school.add_student("bob")
            school.add_video()
            browser = Browser(profile)
            use_page(browser, backend, school)
            lose_server(browser, backend, school)
        except Failed as failure:
            sys.exit(f"FAILED: {failure}")
        finally:
            if browser:
                browser.close()
            backend.close()


if __name__ == "__main__":
    main()
