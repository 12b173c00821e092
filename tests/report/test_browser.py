"""The page in headless Chromium: desktop and phone, mouse, finger and keyboard, and no word to the network."""

from __future__ import annotations

import base64
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from styleresearch.report.html import write_report

pytestmark = pytest.mark.browser

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def report(finished_run, tmp_path_factory) -> Path:
    copy = tmp_path_factory.mktemp("browser") / "quick start"
    shutil.copytree(finished_run, copy)
    return write_report(copy, resamples=300)


def _open(chrome, report, size, scheme="light"):
    width, height = SIZES[size]
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"},
    )
    chrome.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    # By way of an empty page: asking for the address that is open already would count as a reload of it.
    chrome.get("about:blank")
    chrome.get_log("browser")
    chrome.get_log("performance")
    chrome.get(report.as_uri())
    _wait(chrome)


def _wait(chrome):
    """Until the page has loaded; its script, which stands at the end of it, has then run."""
    WebDriverWait(chrome, 30).until(lambda c: c.execute_script("return document.readyState === 'complete'"))


@pytest.fixture(params=sorted(SIZES))
def page(chrome, report, request):
    """The report at each size; whatever a test does, the console must have stayed silent and the network unused."""
    _open(chrome, report, request.param)
    yield chrome
    assert chrome.get_log("browser") == []
    requests = [line["message"] for line in chrome.get_log("performance") if "requestWillBeSent" in line["message"]]
    assert any("report.html" in line for line in requests), "the log of requests must have seen the page itself"
    assert not [line for line in requests if '"url":"http' in line or '"url":"ws' in line]
    assert (
        chrome.execute_script(
            "return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length"
        )
        == 0
    )


def _open_first(page):
    button = page.find_element(By.CSS_SELECTOR, ".open")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
    button.click()
    assert _is_open(page)


def _is_open(page):
    return page.execute_script("return document.getElementById('lightbox').open")


def _title(page):
    return page.find_element(By.ID, "box-title").text, page.find_element(By.ID, "box-pair").text


def _share(page):
    """Where the division stands: the share of the frame that the image on the left covers, as drawn."""
    return page.execute_script(
        """const frame = document.getElementById('frame').getBoundingClientRect();
        const handle = document.querySelector('#frame .handle').getBoundingClientRect();
        return (handle.left + handle.width / 2 - frame.left) / frame.width"""
    )


def _pixels(element):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(element.screenshot_as_base64))).convert("RGB"), float)


def test_every_image_is_shown(page):
    sizes = page.execute_script("return [...document.images].map(i => [i.complete, i.naturalWidth, i.clientWidth])")
    assert len(sizes) >= 9 * 8 - 2
    assert all(complete and natural > 0 and shown > 20 for complete, natural, shown in sizes if shown)
    in_page = page.execute_script(
        "return [...document.images].filter(i => !i.closest('dialog')).map(i => [i.naturalWidth, i.clientWidth])"
    )
    assert all(natural > 0 and shown > 20 for natural, shown in in_page)


def test_page_never_scrolls_sideways(page):
    for script in ("", "for (const d of document.querySelectorAll('details')) d.open = true"):
        page.execute_script(script)
        width, inner = page.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= inner
    page.execute_script("window.scrollTo(500, 0)")
    assert page.execute_script("return window.scrollX") == 0


def test_text_keeps_clear_of_the_edges_and_is_legible(page):
    outside, small = page.execute_script(
        """const inner = window.innerWidth;
        const texts = [...document.querySelectorAll('h1,h2,h3,p,dd,dt,figcaption,th,td,label,summary')]
          .filter(e => e.offsetParent && !e.closest('dialog'));
        return [texts.filter(e => !e.closest('.scroll') && e.getBoundingClientRect().right > inner + 1).length,
                texts.filter(e => parseFloat(getComputedStyle(e).fontSize) < 11).length]"""
    )
    assert (outside, small) == (0, 0)


def test_wide_content_scrolls_in_its_own_container(chrome, report):
    _open(chrome, report, "phone")
    widths = chrome.execute_script(
        "return [...document.querySelectorAll('.scroll')].filter(e => !e.closest('details'))"
        ".map(e => [e.scrollWidth, e.clientWidth])"
    )
    assert len(widths) == 3, "results, differences, images"
    assert all(scroll > client for scroll, client in widths)


def test_lightbox_opens_by_click_and_closes_by_button_and_escape(page):
    assert not _is_open(page)
    _open_first(page)
    assert _title(page) == ("Gatys (L-BFGS)", "astronaut × gravel")
    page.find_element(By.ID, "close").click()
    assert not _is_open(page)
    _open_first(page)
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert not _is_open(page)


def test_lightbox_by_keyboard_alone(page):
    page.execute_script("document.querySelector('.open').focus({preventScroll: true})")
    ActionChains(page).send_keys(Keys.ENTER).perform()
    assert _is_open(page)
    keys = ActionChains(page)
    keys.send_keys(Keys.ARROW_RIGHT).perform()
    assert _title(page) == ("Gatys (Adam)", "astronaut × gravel")
    ActionChains(page).send_keys(Keys.ARROW_DOWN).perform()
    assert _title(page) == ("Gatys (Adam)", "astronaut × grass")
    ActionChains(page).send_keys(Keys.ARROW_UP, Keys.ARROW_LEFT, Keys.ARROW_LEFT).perform()
    assert _title(page) == ("Color transfer", "astronaut × gravel")
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert not _is_open(page)
    # The focus returns to the image that was shown last, in the close event, which comes a moment after the key.
    focused = "const at = document.activeElement.dataset; return at.pair === '0' && at.method === '5'"
    WebDriverWait(page, 5).until(lambda page: page.execute_script(focused))


def test_steps_pass_over_images_that_are_not_there(page):
    button = page.find_element(By.CSS_SELECTOR, ".open[data-pair='8'][data-method='1']")
    page.execute_script("arguments[0].click()", button)
    assert _title(page) == ("Gatys (Adam)", "chelsea × brick")
    page.find_element(By.ID, "next-method").click()
    assert _title(page)[0] == "Content itself", "Channel moments has no image of this pair"
    page.find_element(By.ID, "next-pair").click()
    assert _title(page) == ("Content itself", "astronaut × gravel")


def test_values_of_the_image_stand_beside_it(page):
    _open_first(page)
    lines = page.find_elements(By.CSS_SELECTOR, "#box-values div")
    assert [line.find_element(By.TAG_NAME, "dt").text for line in lines][:3] == [
        "Content loss ↓", "Style loss ↓", "SSIM to content ↑",
    ]  # fmt: skip
    assert lines[4].find_element(By.TAG_NAME, "dd").text.endswith(" s")
    assert (
        page.find_element(By.ID, "box-file").get_attribute("href").endswith("images/gatys_lbfgs/astronaut__gravel.png")
    )


def test_slider_follows_the_pointer_and_reveals(page):
    _open_first(page)
    assert _share(page) == pytest.approx(0.5, abs=0.01)
    frame = page.find_element(By.ID, "frame")
    width = frame.size["width"]
    drag = ActionChains(page).move_to_element(frame).click_and_hold()
    drag.move_by_offset(round(0.4 * width), 0).release().perform()
    assert _share(page) == pytest.approx(0.9, abs=0.02)
    mostly_content = _pixels(frame)
    ActionChains(page).move_to_element(frame).click_and_hold().move_by_offset(
        round(-0.4 * width), 0
    ).release().perform()
    assert _share(page) == pytest.approx(0.1, abs=0.02)
    mostly_output = _pixels(frame)
    # Between the two divisions the picture changed; left of both it did not.
    columns = mostly_content.shape[1]
    middle = slice(round(0.2 * columns), round(0.8 * columns))
    left = slice(0, round(0.05 * columns))
    # Below the names and the round handle in the middle.
    rows = slice(round(0.7 * mostly_content.shape[0]), None)
    assert np.abs(mostly_content - mostly_output)[rows, middle].mean() > 20
    assert np.abs(mostly_content - mostly_output)[rows, left].mean() < 1


def test_left_of_the_division_is_the_content_and_right_of_it_the_output(chrome, report):
    _open(chrome, report, "desktop")
    _open_first(chrome)
    frame = chrome.find_element(By.ID, "frame")
    for share, name in ((0, "images/gatys_lbfgs/astronaut__gravel.png"), (100, "inputs/content/astronaut.png")):
        chrome.execute_script("document.getElementById('frame').style.setProperty('--at', arguments[0] + '%')", share)
        shown = _pixels(frame)
        with Image.open(report.parent / name) as image:
            expected = np.asarray(image.resize(shown.shape[1::-1], Image.Resampling.BICUBIC), float)
        inner = (slice(100, -30), slice(30, -30))
        # WebP and another interpolation cost a few grey levels; another picture would cost tens.
        assert np.abs(shown - expected)[inner].mean() < 12


def test_slider_by_keyboard(page):
    _open_first(page)
    page.execute_script("document.getElementById('slider').focus()")
    ActionChains(page).send_keys(*[Keys.ARROW_RIGHT] * 5).perform()
    assert _share(page) == pytest.approx(0.55, abs=0.01)
    assert _title(page)[0] == "Gatys (L-BFGS)", "left and right move the slider while it has the focus"
    ActionChains(page).send_keys(Keys.ARROW_DOWN).perform()
    assert _title(page)[1] == "astronaut × grass"


def test_slider_by_touch(chrome, report):
    _open(chrome, report, "phone")
    _open_first(chrome)
    area = chrome.execute_script(
        "const r = document.getElementById('frame').getBoundingClientRect(); return [r.x, r.y, r.width, r.height]"
    )
    x, y, width, height = area

    def touch(kind, share):
        points = [{"x": x + share * width, "y": y + height / 2}] if kind != "touchEnd" else []
        chrome.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.5)
    for share in (0.45, 0.35, 0.2):
        touch("touchMove", share)
    touch("touchEnd", 0.2)
    assert _share(chrome) == pytest.approx(0.2, abs=0.02)
    assert _is_open(chrome)


def test_whole_picture_and_controls_are_in_view(page):
    _open_first(page)
    outside = page.execute_script(
        """return ['frame', 'close', 'next-method', 'next-pair', 'against'].filter(id => {
          const r = document.getElementById(id).getBoundingClientRect();
          return r.left < 0 || r.top < 0 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1 || r.width < 20})"""
    )
    assert outside == []
    clipped = page.execute_script(
        """const b = document.querySelector('.stagebox');
        return [b.scrollHeight - b.clientHeight, b.scrollWidth - b.clientWidth]"""
    )
    assert clipped == [0, 0]


def test_compare_with_another_method(page):
    _open_first(page)
    Select(page.find_element(By.ID, "against")).select_by_visible_text("Gatys (Adam)")
    assert page.find_element(By.CSS_SELECTOR, ".tag.left").text == "Gatys (Adam)"
    source = page.execute_script("return document.querySelector('#frame .over').src")
    assert source == page.execute_script("return document.getElementById('im-0-1').src")
    Select(page.find_element(By.ID, "against")).select_by_visible_text("Gatys (L-BFGS)")
    assert page.execute_script("return document.getElementById('frame').classList.contains('single')")
    page.find_element(By.CSS_SELECTOR, ".pick [data-input=style]").click()
    assert page.find_element(By.CSS_SELECTOR, ".tag.left").text == "style"


def test_actual_pixels(page):
    _open_first(page)
    button = page.find_element(By.ID, "scale")
    page.execute_script("arguments[0].click()", button)
    assert button.get_attribute("aria-pressed") == "true"
    natural, shown = page.execute_script(
        "const i = document.querySelector('#frame img'); return [i.naturalWidth, i.getBoundingClientRect().width]"
    )
    assert shown == pytest.approx(natural, abs=1)


def test_value_under_each_image_and_filters(page):
    Select(page.find_element(By.ID, "shown")).select_by_visible_text("Time")
    assert page.execute_script("return document.querySelector('.what').textContent").endswith(" s")
    Select(page.find_element(By.ID, "only-content")).select_by_visible_text("coffee")
    Select(page.find_element(By.ID, "only-style")).select_by_visible_text("brick")
    shown = page.execute_script("return [...document.querySelectorAll('.row')].filter(r => r.offsetParent).length")
    assert shown == 1
    page.execute_script("document.querySelectorAll('.row:not([hidden]) .open')[0].click()")
    ActionChains(page).send_keys(Keys.ARROW_DOWN).perform()
    assert _title(page)[1] == "coffee × brick", "hidden rows are stepped over"


def test_one_loss_term_at_a_time(page):
    def shown():
        return page.execute_script(
            "return [...document.querySelectorAll('.panels[data-term]')]"
            ".filter(p => p.offsetParent).map(p => p.dataset.term)"
        )

    assert shown() == ["0"]
    page.execute_script("document.querySelectorAll('input[name=term]')[2].click()")
    assert shown() == ["2"]


def test_the_profiles_of_one_metric_at_a_time(page):
    page.execute_script("document.querySelector('#depth details').open = true")
    shown = "return [...document.querySelectorAll('[data-profile]')].filter(p => !p.hidden).map(p => p.dataset.profile)"
    assert page.execute_script(shown) == ["0"]
    page.execute_script("document.querySelectorAll('input[name=profile]')[2].click()")
    assert page.execute_script(shown) == ["2"]


def test_a_reload_shows_what_its_controls_say(page):
    Select(page.find_element(By.ID, "shown")).select_by_visible_text("Time")
    Select(page.find_element(By.ID, "only-content")).select_by_visible_text("coffee")
    page.execute_script("document.querySelectorAll('input[name=term]')[2].click()")
    page.refresh()
    _wait(page)
    value, content, term = page.execute_script(
        """return [document.getElementById('shown').selectedOptions[0].text,
        document.getElementById('only-content').value,
        document.querySelector('input[name=term]:checked').value]"""
    )
    shown = page.execute_script(
        """const seen = selector => [...document.querySelectorAll(selector)].filter(e => e.offsetParent);
        return [seen('.what')[0].textContent, seen('.row').map(r => r.dataset.content),
        seen('.panels[data-term]').map(p => p.dataset.term)]"""
    )
    assert shown[0].endswith(" s") == (value == "Time")
    assert set(shown[1]) == {content} if content else len(set(shown[1])) > 1
    assert shown[2] == [term]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrast(chrome, report, scheme):
    _open(chrome, report, "desktop", scheme)
    colours = chrome.execute_script(
        """const style = getComputedStyle(document.documentElement);
        return Object.fromEntries(['paper', 'raised', 'wash', 'ink', 'soft', 'accent', 'good', 'bad']
          .map(n => [n, style.getPropertyValue('--' + n).trim()]))"""
    )
    assert chrome.execute_script("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(251, 250, 247)" if scheme == "light" else "rgb(23, 22, 20)"
    )

    def luminance(name):
        channels = np.array([int(colours[name][i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for back in ("paper", "raised"):
        for text in ("ink", "soft", "accent", "good", "bad"):
            high, low = sorted((luminance(text), luminance(back)), reverse=True)
            # WCAG 2 AA for text of normal size.
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, back)


def test_without_scripts_the_page_still_shows_everything(chrome, report):
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        _open(chrome, report, "desktop")
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    shown = chrome.execute_script(
        "return [[...document.images].every(i => i.naturalWidth > 0),"
        " [...document.querySelectorAll('.panels[data-term]')].every(p => p.offsetParent),"
        " document.getElementById('shown').offsetParent]"
    )
    assert shown == [True, True, None]


def test_inputs_stay_in_view_and_cover_what_scrolls_under_them(chrome, report):
    _open(chrome, report, "phone")
    top = chrome.execute_script(
        """const grid = document.querySelector('.gridbox');
        grid.scrollIntoView({behavior: 'instant'});
        grid.scrollLeft = 100;
        const r = document.querySelector('.inputs').getBoundingClientRect();
        const hits = [r.left + 5, r.right - 5].map(x => document.elementFromPoint(x, r.top + r.height / 2));
        return [r.left >= 0 && r.right < innerWidth / 2, hits.every(e => e.closest('.inputs'))]"""
    )
    assert top == [True, True]


def _unfold(chrome, words):
    folds = chrome.find_elements(By.CSS_SELECTOR, "#depth > details")
    fold = next(each for each in folds if words in each.find_element(By.TAG_NAME, "summary").text)
    chrome.execute_script("arguments[0].open = true; arguments[0].scrollIntoView({behavior: 'instant'})", fold)
    return fold


def test_best_and_worst_show_the_grids_pictures_once_they_are_looked_at(page):
    assert page.execute_script("return document.querySelectorAll('.case img').length") == 0
    fold = _unfold(page, "Best and worst")
    WebDriverWait(page, 5).until(lambda _: fold.find_elements(By.CSS_SELECTOR, ".case img"))
    shown, same = page.execute_script(
        """const links = [...document.querySelectorAll('.cases .panels:not([hidden]) .case')];
        return [links.length, links.every(l =>
          l.querySelector('img').src === document.getElementById(l.getAttribute('href').slice(1)).src)]"""
    )
    assert (shown, same) == (6, True), "three methods, both ends"
    link = fold.find_element(By.CSS_SELECTOR, ".case")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", link)
    link.click()
    assert _is_open(page)
    names = link.find_element(By.TAG_NAME, "span").text.split("\n")[1]
    assert _title(page) == ("Gatys (L-BFGS)", names)
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    focused = "return document.activeElement.classList.contains('case')"
    WebDriverWait(page, 5).until(lambda page: page.execute_script(focused))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_on_the_darkest_cells_of_the_heat_map_is_legible(chrome, report, scheme):
    _open(chrome, report, "desktop", scheme)
    _unfold(chrome, "which method fails where")
    worst = chrome.execute_script(
        """const shine = colour => {
          const pen = new OffscreenCanvas(1, 1).getContext('2d');
          pen.fillStyle = colour;
          pen.fillRect(0, 0, 1, 1);
          const linear = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
            .map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
          return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2];
        };
        return Math.min(...[...document.querySelectorAll('.behind, .ahead')].filter(e => e.matches('td')).map(e => {
          const [a, b] = [getComputedStyle(e).color, getComputedStyle(e).backgroundColor].map(shine);
          return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        }))"""
    )
    assert 4.5 <= worst < 21


def test_print_unfolds_what_lies_in_depth(chrome, report):
    _open(chrome, report, "desktop")
    chrome.execute_script("dispatchEvent(new Event('beforeprint'))")
    unfolded = "return [...document.querySelectorAll('#depth > details')].map(d => d.open)"
    assert all(chrome.execute_script(unfolded))
    assert chrome.execute_script("return document.querySelectorAll('.case img').length") == 6
    chrome.execute_script("dispatchEvent(new Event('afterprint'))")
    assert not any(chrome.execute_script(unfolded))
