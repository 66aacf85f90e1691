"""Pages in a real browser: what they show, and that nothing of a student's runs in them."""

import socket

import pytest
from browser import ENTER, PHONE, TAB, browser
from evil_pages import EVIL, evil_pages

from course.pages.markup import visible

PAGES = ("check", "verify", "class", "student")
INTRUDERS = """
  const names = [...document.querySelectorAll("*")].flatMap(element => element.getAttributeNames());
  return {
    pwned: window.pwned ?? null,
    scripts: document.querySelectorAll("script").length,
    images: [...document.images].filter(image => !image.src.startsWith("data:")).length,
    handlers: names.filter(name => name.startsWith("on")).length,
    links: [...document.links].filter(link => link.protocol !== "file:").length,
  };
"""
BREAK_IN = """
  const script = document.createElement("script");
  script.textContent = "window.pwned = 1";
  document.body.append(script);
  document.body.insertAdjacentHTML("beforeend", `
    <img src="${arguments[0]}" onerror="window.pwned = 1"><audio src="${arguments[0]}"></audio>
    <link rel="stylesheet" href="${arguments[0]}">`);
"""
CLEAN = {"pwned": None, "scripts": 1, "images": 0, "handlers": 0, "links": 0}


@pytest.fixture(scope="module")
def open_page(pages):
    """Opens one of the pages in a browser, the same for all tests."""
    with browser() as started:
        yield lambda name, **options: started.open(pages[name], **options)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return evil_pages(tmp_path_factory.mktemp("pages"))


def labels(page):
    """The heads of the first table that can be sorted, by their text."""
    return {head.text.split(" ")[0]: head for head in page.find_all("#students thead th")}


# -- all pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_loads_in_peace_and_alone(open_page, pages, name):
    page = open_page(name)
    assert page.requests() == [pages[name].as_uri()]
    assert page.complaints() == []
    assert page.find("html").get_attribute("lang") and page.driver.title
    assert [len(page.find_all(f"body > {part}")) for part in ("header", "main")] == [1, 1]
    assert all(image.get_attribute("alt") for image in page.find_all("img"))
    assert all(head.get_attribute("scope") for head in page.find_all("th"))
    loaded = "return [...document.images].every(image => image.complete && image.naturalWidth)"
    assert page.run(loaded)


def test_loads_in_korean_as_well(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "ko")
    pages = evil_pages(tmp_path / "pages")
    words = {
        "check": "문제별 점수",
        "verify": "지표와 기준",
        "class": "득점률",
        "student": "비정상 종료",
    }
    with browser() as started:
        for name, said in words.items():
            page = started.open(pages[name])
            assert page.complaints() == [], name
            assert page.find("html").get_attribute("lang") == "ko"
            text = page.run("return document.body.textContent")
            assert said in text and " points" not in text
            assert page.run(INTRUDERS) == CLEAN


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scripts", [True, False])
def test_what_students_write_is_text(open_page, name, scripts):
    page = open_page(name, scripts=scripts)
    for part in page.find_all("button, summary"):
        part.click()
    assert page.run(INTRUDERS) == CLEAN
    text = page.run("return document.body.textContent")
    assert "\u202e" not in text and "\u2066" not in text
    assert "\\u202e" in text and "<script>pwned=1</script><img src=x onerror=pwned=1>" in text
    assert name == "check" or visible(EVIL) in text


@pytest.mark.parametrize("name", PAGES)
def test_everything_is_there_without_scripts(open_page, name):
    with_scripts = open_page(name).run("return document.querySelector('main').textContent")
    page = open_page(name, scripts=False)
    assert page.run("return document.querySelector('main').textContent") == with_scripts
    assert not page.find_all("button")
    for box in page.find_all("details:not([open]) > summary"):
        box.click()
    parts = page.find_all("main li, main td, main pre, main figure")
    assert parts and all(part.is_displayed() for part in parts)


@pytest.mark.parametrize("name", PAGES)
def test_fits_a_phone(open_page, name):
    page = open_page(name, size=PHONE)
    for box in page.find_all("details:not([open]) > summary"):
        box.click()
    widths = "return [innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]"
    assert page.run(widths) == 3 * [PHONE[0]]


@pytest.mark.parametrize("name", PAGES)
def test_can_be_read_in_light_and_in_dark(open_page, name):
    grounds = []
    for dark in (False, True):
        page = open_page(name, dark=dark)
        ratio, text = page.contrast()
        assert ratio >= 4.5, text
        grounds.append(page.find("body").value_of_css_property("background-color"))
    assert grounds[0] != grounds[1]


# -- sorting and opening ---------------------------------------------------------------------------


def test_a_click_sorts_numbers_by_value(open_page):
    page = open_page("class")
    table, score = page.find("#students table"), labels(page)["score"]
    score.find_element("css selector", "button").click()
    rising = page.order(table)
    assert rising[1:] == [f"s{n}" for n in range(1, 13)] and "<script>" in rising[0]
    assert score.get_attribute("aria-sort") == "ascending"
    score.find_element("css selector", "button").click()
    assert page.order(table) == rising[::-1]
    assert score.get_attribute("aria-sort") == "descending"


def test_the_keyboard_sorts_text_with_the_numbers_in_it(open_page):
    page = open_page("class")
    table, heads = page.find("#students table"), labels(page)
    score, student = heads["score"], heads["student"]
    button = student.find_element("css selector", "button")
    page.tab_to(button)
    page.press(ENTER)
    assert page.order(table)[1:] == [f"s{n}" for n in range(1, 13)]  # s2 before s10
    page.press(" ")
    assert page.order(table)[:-1] == [f"s{n}" for n in range(12, 0, -1)]
    assert page.driver.switch_to.active_element == button
    page.tab_to(score.find_element("css selector", "button"))
    page.press(ENTER)
    sorts = [head.get_attribute("aria-sort") for head in labels(page).values()]
    assert sorts.count("ascending") == 1 and "descending" not in sorts


def test_what_is_empty_stays_at_the_end(open_page):
    page = open_page("class")
    table, late = page.find("#students table"), labels(page)["days"]
    late.find_element("css selector", "button").click()
    assert page.order(table)[:11] == [f"s{n}" for n in range(11, 0, -1)]
    late.find_element("css selector", "button").click()
    assert page.order(table)[:11] == [f"s{n}" for n in range(1, 12)]  # s12 was not late


def test_tables_of_runs_sort_by_what_numbers_mean(open_page):
    page = open_page("verify")
    table = page.find("[aria-label='What the run measured'] table")
    error = table.find_element("css selector", "th.number button")
    error.click()
    assert [name[0] for name in page.order(table)] == ["b", "<", "a"]
    error.click()
    assert [name[0] for name in page.order(table)] == ["<", "b", "a"]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_keyboard_opens_a_box(open_page, scripts):
    page = open_page("check", scripts=scripts)
    box = page.find("details:not([open])")
    page.tab_to(box.find_element("css selector", "summary"))
    page.press(ENTER)
    assert box.get_attribute("open") and box.find_element("css selector", "li").is_displayed()
    page.press(ENTER)
    assert not box.get_attribute("open")


def test_the_keyboard_skips_to_the_content(open_page):
    page = open_page("verify")
    page.press(TAB)
    first = page.driver.switch_to.active_element
    assert first.get_attribute("class") == "skip" and first.location["y"] >= 0
    page.press(ENTER)
    assert page.driver.switch_to.active_element == page.find("main")


def test_the_page_of_a_student_is_a_click_away(open_page, pages):
    page = open_page("class")
    next(link for link in page.find_all("#students a") if "script" in link.text).click()
    assert page.driver.current_url == pages["student"].as_uri()


# -- the second wall -------------------------------------------------------------------------------


def test_were_text_to_become_markup_nothing_would_run_or_be_fetched(open_page):
    page = open_page("class")
    with socket.create_server(("127.0.0.1", 0)) as server:
        page.run(BREAK_IN, f"http://127.0.0.1:{server.getsockname()[1]}/")
        page.wait_for_complaints("script-src", "img-src", "style-src", "default-src")
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()
    assert page.run("return window.pwned ?? null") is None
