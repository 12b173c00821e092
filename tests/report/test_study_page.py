"""The page of a user study in headless Chromium: a whole session, whose votes are then analysed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from styleresearch.study.order import trials_of
from styleresearch.tasks.study import analyse, make

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def study(finished_run, tmp_path_factory):
    return make(finished_run, tmp_path_factory.mktemp("user study"), {"trials": 9, "repeats": 2, "catches": 3})


def _open(chrome, page: Path, size: str, scheme: str = "light", query: str = "") -> None:
    width, height = SIZES[size]
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"},
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    chrome.get("about:blank")
    chrome.get_log("browser")
    chrome.get_log("performance")
    chrome.get(page.as_uri() + query)


def _answer(chrome, key: str) -> None:
    time.sleep(0.26)  # sooner counts as the second half of a double click
    ActionChains(chrome).send_keys(key).perform()


def _begin(chrome) -> None:
    chrome.find_element(By.CSS_SELECTOR, "form .main").click()
    chrome.find_element(By.ID, "begin").click()


def _order_shown(chrome):
    """What the page asks next, from the pictures that it shows."""
    return chrome.execute_script(
        """const data = JSON.parse(document.getElementById('data').textContent);
        const at = id => data.pictures.indexOf(document.getElementById(id).src);
        return [at('content'), at('style'), at('left'), at('right')]"""
    )


def test_a_whole_session_by_keyboard_and_what_its_votes_say(chrome, study, tmp_path):
    chrome.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    _open(chrome, study.page, "desktop", query="?rater=ann&seed=4000000000")
    chrome.execute_script("localStorage.clear()")
    ActionChains(chrome).send_keys(Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    ActionChains(chrome).send_keys(Keys.TAB, Keys.ENTER).perform()
    trials = trials_of(study.protocol.shape, 4_000_000_000)
    data = json.loads(chrome.execute_script("return document.getElementById('data').textContent"))
    floors = len(study.protocol.methods)
    for number, trial in enumerate(trials):
        cell = data["cells"][trial.cell]
        # The page and study/order.py have one order.
        assert _order_shown(chrome) == [cell[0], cell[1], cell[2 + trial.left], cell[2 + trial.right]]
        assert chrome.find_element(By.CSS_SELECTOR, ".progress span").text == f"{number + 1} of {len(trials)}"
        # This rater likes the methods of low numbers, and no floor baseline.
        _answer(chrome, Keys.ARROW_LEFT if trial.left < trial.right else "b")
        if number == 0:  # a key that comes at once is not for the next pair
            ActionChains(chrome).send_keys("a").perform()
    assert floors == 3
    assert chrome.find_element(By.ID, "end").is_displayed()
    assert not chrome.find_element(By.ID, "again").is_enabled(), "not before the votes are saved"
    chrome.find_element(By.ID, "comment").send_keys("fine")
    chrome.find_element(By.ID, "save").click()
    saved = tmp_path / "votes-ann.json"
    WebDriverWait(chrome, 20).until(lambda _: saved.exists())
    fields = json.loads(saved.read_text())
    assert (fields["rater"], fields["seed"], fields["comment"]) == ("ann", 4_000_000_000, "fine")
    assert fields["protocol"] == study.protocol.digest
    assert chrome.find_element(By.ID, "text").get_attribute("value") == saved.read_text()
    found = analyse(study.page.parent, [saved])
    assert found.excluded == {}
    assert [each.name for each in found.standings] == ["gatys_lbfgs", "gatys_adam", "moments"]
    assert found.agreement is not None
    assert found.agreement.mean == 1.0
    assert chrome.get_log("browser") == []
    requests = [line["message"] for line in chrome.get_log("performance") if "requestWillBeSent" in line["message"]]
    assert any("study.html" in line for line in requests)
    assert not [line for line in requests if '"url":"http' in line or '"url":"ws' in line]


def test_a_closed_page_goes_on_where_it_was(chrome, study):
    _open(chrome, study.page, "desktop", query="?seed=5")
    chrome.execute_script("localStorage.clear()")
    _begin(chrome)
    for _ in range(2):
        _answer(chrome, "a")
    shown = _order_shown(chrome)
    _open(chrome, study.page, "desktop")
    assert "2 of 14" in chrome.find_element(By.CSS_SELECTOR, ".resume").text
    chrome.find_element(By.ID, "resume").click()
    assert _order_shown(chrome) == shown
    chrome.execute_script("localStorage.clear()")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_trial_fits_the_window(chrome, study, size, scheme):
    _open(chrome, study.page, size, scheme)
    _begin(chrome)
    chrome.execute_script("return Promise.all([...document.querySelectorAll('#trial img')].map(i => i.decode()))")
    assert chrome.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    outside = chrome.execute_script(
        """return [...document.querySelectorAll('#trial img, #trial button, #trial h1')].filter(e => {
          const r = e.getBoundingClientRect();
          return r.left < 0 || r.top < 0 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1 || r.width < 40})
          .length"""
    )
    assert outside == 0, "both candidates and their buttons are in view without scrolling"
    ground = chrome.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(251, 250, 247)" if scheme == "light" else "rgb(23, 22, 20)")
