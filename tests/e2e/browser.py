#!/usr/bin/env python3
"""report.html in a real browser: nothing is cut, nothing overlaps, everybody can read it.
   browser.py TESSERA WORK-FOLDER

Runs small jobs, opens their reports in headless Chromium as a phone and as a desk show them, and measures. With
TESSERA_AXE (the path of axe.min.js) axe-core looks at them too. 77: a tool is missing (an error where
TESSERA_REQUIRE_DATA is 1)."""
import os
import shutil
import subprocess
import sys
import tempfile

problems = []


def skip(reason):
    print("skipped: " + reason if os.environ.get("TESSERA_REQUIRE_DATA") != "1" else "missing: " + reason)
    sys.exit(1 if os.environ.get("TESSERA_REQUIRE_DATA") == "1" else 77)


try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    skip("selenium is not installed (Debian: python3-selenium)")

# What of a drawing leaves its box or lies on another text. Texts are measured by the browser itself.
MEASURE = """
const found = [], inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
const drawings = [...document.querySelectorAll('.drawing > svg')];
for (const svg of drawings) {
  const name = svg.closest('figure').id, box = svg.getBoundingClientRect();
  if (box.width < 200 || box.height < 40) found.push(name + ': is not visible');
  if (!inside(svg.parentElement.getBoundingClientRect(), svg.closest('figure').getBoundingClientRect())) found.push(name + ': leaves its frame');
  for (const id of svg.getAttribute('aria-labelledby').split(' '))
    if (!document.getElementById(id).textContent.trim()) found.push(name + ': no text in ' + id);
  if (!/[0-9]/.test(svg.closest('figure').querySelector('.finding').textContent)) found.push(name + ': a finding without a number');
  if (!svg.closest('figure').querySelector('table tbody tr')) found.push(name + ': no table beside it');
  for (const shape of svg.querySelectorAll('rect, circle, path.mark, text')) {
    const b = shape.getBoundingClientRect();
    if (!inside(b, box)) found.push(name + ': ' + (shape.textContent || shape.getAttribute('class')) + ' leaves the drawing');
  }
  const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  texts.forEach(([a, p], i) => texts.slice(i + 1).forEach(([b, q]) => {
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left), high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 1 && high > 3) found.push(name + ': "' + a + '" lies on "' + b + '"');
  }));
}
for (const e of document.querySelectorAll('h1, h2, h3, p, dd, dt, summary, li'))
  if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') found.push('cut: ' + e.textContent.slice(0, 60));
if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than its window');
if (performance.getEntriesByType('resource').length) found.push('the page loads something');
return [drawings.length, found];
"""

AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then(
  r => done(r.violations.map(v => v.impact + ' ' + v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | '))),
  e => done(['axe failed: ' + e]));
"""


def run(tessera, work):
    """Reports of a population with everything, and of a bare matrix whose names are markup."""
    def call(*arguments):
        subprocess.run([tessera, *arguments], cwd=work, check=True, stdout=subprocess.DEVNULL, timeout=600)

    call("synth", "--customers", "1500", "--output", "data", "--quiet")
    with open(os.path.join(work, "job.yaml"), "w") as job:
        job.write("dataset: data\noutput: run\ncluster: {k: 5..6, choose: stability}\n"
                  "value: {calibration_end: 2023-12-31}\nreport: {title: \"A & B <i>\"}\n")
    call("segment", "job.yaml", "--quiet")
    reports = []
    for language in ("en", "el", "zh"):
        call("segment", "job.yaml", "--quiet", "--set", "report.language=" + language)
        reports.append(os.path.join(work, language + ".html"))
        shutil.copy(os.path.join(work, "run", "report.html"), reports[-1])
    return reports


def open_browser(browser):
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    profile = tempfile.mkdtemp()
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", "--user-data-dir=" + profile):
        options.add_argument(flag)
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    driver.set_script_timeout(300)
    return driver, profile


def look(driver, report, width, scheme, axe):
    def complain(text):
        problems.append("%s, %d wide, %s: %s" % (os.path.basename(report), width, scheme, text))

    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                           {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    driver.get("file://" + report)
    drawings, found = driver.execute_script(MEASURE)
    for text in found:
        complain(text)
    if drawings < 11:
        complain("only %d drawings" % drawings)
    if axe:
        driver.execute_script(axe)
        for text in driver.execute_async_script(AXE):
            if not text.startswith(("minor", "moderate")):
                complain(text)
    for entry in driver.get_log("browser"):
        complain("console: " + entry["message"])


def main(tessera, work):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None or shutil.which("chromedriver") is None:
        skip("no browser (Debian: chromium, chromium-driver)")
    path = os.environ.get("TESSERA_AXE")
    if path is None and os.environ.get("TESSERA_REQUIRE_DATA") == "1":
        skip("TESSERA_AXE does not name axe.min.js")
    axe = open(path, encoding="utf-8").read() if path else None
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    reports = run(tessera, work)
    driver, profile = open_browser(browser)
    try:
        for report in reports:
            look(driver, report, 360, "light", axe)
            look(driver, report, 1280, "dark", axe if report == reports[0] else None)
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
    for text in problems:
        print("FAILED " + text)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
