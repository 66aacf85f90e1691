"""A real browser without a window, for tests of pages."""

import contextlib
import json
import os
import shutil
import tempfile
import time

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
TAB, ENTER = "\ue004", "\ue007"  # as WebDriver writes keys
DESKTOP, PHONE = (1280, 900), (360, 740)
MISSING = (
    "no browser to try pages in: apt-get install chromium chromium-driver, "
    "and pip install -e '.[dev]'"
)

ORDER = """
  return [...arguments[0].tBodies[0].rows].map(row => row.cells[0].textContent.trim());
"""
# The lowest ratio of text to what lies behind it, as WCAG 2 reckons it, and whose text it is.
CONTRAST = """
  const parse = colour => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const luminance = rgb => rgb
    .map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, a } = parse(getComputedStyle(at).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  let worst = [Infinity, ""];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.tagName === "SCRIPT") continue;
    const pair = [parse(getComputedStyle(element).color).rgb, ground(element)].map(luminance);
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < worst[0]) worst = [ratio, texts.currentNode.data.trim().slice(0, 40)];
  }
  return worst;
"""


class Browser:
    """Opens pages, and knows what they said and asked for.

    Args:
        driver: Selenium's.
    """

    def __init__(self, driver):
        self.driver = driver
        self.run = driver.execute_script

    def open(self, path, scripts=True, dark=False, size=DESKTOP):
        """Loads a page; nothing is left of the one before."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", features=[scheme])
        self._devtools("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size == PHONE,
        )
        self.complaints()
        self.requests()
        self.driver.get(path.as_uri())
        return self

    def complaints(self):
        """What the console has said since it was last asked, violations of policies included."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def wait_for_complaints(self, *words, seconds=20):
        """Returns once the console has said all of these words."""
        deadline = time.monotonic() + seconds
        heard = ""
        while not all(word in heard for word in words):
            assert time.monotonic() < deadline, heard
            heard += "".join(self.complaints())

    def requests(self):
        """The addresses asked for since this was last called; data in the page has none."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        urls = [params["request"]["url"] for params in sent]
        return [url for url in urls if not url.startswith("data:")]

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def find_all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def press(self, *keys):
        """Presses keys as a person does, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def tab_to(self, wanted, most=200):
        """Presses Tab until the wanted element has the focus."""
        for _ in range(most):
            self.press(TAB)
            if self.driver.switch_to.active_element == wanted:
                return
        raise AssertionError(f"{most} times Tab did not lead to {wanted.text!r}")

    def order(self, table):
        """The first cell of each row."""
        return self.run(ORDER, table)

    def contrast(self):
        return self.run(CONTRAST)

    def _devtools(self, command, **parameters):
        self.driver.execute_cdp_cmd(command, parameters)


@contextlib.contextmanager
def browser():
    """A browser that leaves no files behind; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip(MISSING)
    selenium = pytest.importorskip("selenium.webdriver", reason=MISSING)
    options = selenium.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")  # small in containers
    if os.name == "posix" and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which Chromium demands of root
    # Not pytest's folder: the path of a socket in it may be too long.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        service = selenium.ChromeService(driver, env={**os.environ, "TMPDIR": folder})
        with selenium.Chrome(options, service) as started:
            yield Browser(started)
