"""What browser tests read from the map's frame and do on the page around it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conftest import DESKTOP, ROOT, Visit
from playwright.sync_api import Browser, Page

FACTS = ROOT / "data" / "facts"
ZHONGBEI = "zone-zhongbei-gaoxin"
STANDARD_LAND = "level=zone&i=standard_land_area&p=2023-H1"
OUTLIERS = "level=zone&i=industrial_investment&kind=yoy&p=2021-Q1"

# Fills are taken as painted (after all style sheets), so a shape that a rule hides is "none".
_SNAPSHOT = """() => {
  const atlas = window.__atlas, centre = atlas.map.getCenter();
  const fills = {};
  for (const path of document.querySelectorAll('path.city, path.county, path.zone')) {
    const style = getComputedStyle(path);
    if (style.display !== 'none' && style.fill !== 'none') fills[path.dataset.id] = style.fill;
  }
  const symbols = {};
  for (const group of document.querySelectorAll('g.zone-symbol'))
    symbols[group.dataset.id] = getComputedStyle(group.querySelector('.dot')).fill;
  const legend = [...document.querySelectorAll('.atlas-legend .classes button')].map((line) => ({
    number: Number(line.dataset.class),
    label: line.querySelector('.label').textContent,
    count: Number(line.querySelector('.count').textContent),
    fill: getComputedStyle(line.querySelector('.swatch rect')).fill,
  }));
  return {
    marker: atlas.marker, own: window.__marker ?? null, key: atlas.paintedKey,
    paints: atlas.paints, built: atlas.built,
    centre: [centre.lat, centre.lng], zoom: atlas.map.getZoom(), fills, symbols, legend,
    title: document.querySelector('.atlas-legend strong')?.textContent ?? '',
    subtitle: document.querySelector('.atlas-legend small')?.textContent ?? '',
    notes: [...document.querySelectorAll('.atlas-legend .notes li')].map((li) => li.textContent),
  };
}"""

_TABLE = """() => [...document.querySelectorAll('.atlas-table tbody tr')].map((row) => ({
  id: row.dataset.id, missing: row.classList.contains('is-missing'),
  value: row.querySelector('.c-value').textContent, unit: row.querySelector('.c-unit').textContent,
  period: row.querySelector('.c-period').textContent,
  quality: row.querySelector('.c-quality').textContent,
  source: row.querySelector('.c-source').textContent,
}))"""


@dataclass(frozen=True)
class LegendLine:
    """A class in the legend; `number` -1 is "no figure"."""

    number: int
    label: str
    count: int
    fill: str


@dataclass(frozen=True)
class Shown:
    """What the frame shows at one moment; fills by place id, as the browser computed them."""

    marker: str
    own: int | None
    key: str
    paints: int
    built: int
    centre: tuple[float, float]
    zoom: float
    fills: dict[str, str]
    symbols: dict[str, str]
    legend: tuple[LegendLine, ...]
    title: str
    subtitle: str
    notes: tuple[str, ...]

    @property
    def classes(self) -> tuple[LegendLine, ...]:
        return tuple(line for line in self.legend if line.number >= 0)

    @property
    def nodata(self) -> LegendLine:
        return next(line for line in self.legend if line.number == -1)


def shown(visit: Visit) -> Shown:
    raw: dict[str, Any] = visit.frame.evaluate(_SNAPSHOT)
    raw["legend"] = tuple(LegendLine(**line) for line in raw["legend"])
    raw["centre"], raw["notes"] = tuple(raw["centre"]), tuple(raw["notes"])
    return Shown(**raw)


def table(visit: Visit) -> dict[str, dict[str, Any]]:
    """Rows of the table under the map, by place id."""
    return {row["id"]: row for row in visit.frame.evaluate(_TABLE)}


def number(text: str) -> float:
    """The number in a printed value: "≥1,200.5" -> 1200.5, "−2.3" -> -2.3."""
    found = re.search(r"-?\d+(\.\d+)?", text.replace(",", "").replace("−", "-"))
    assert found, text
    return float(found.group())


def is_hatched(fill: str) -> bool:
    return "url(" in fill and "atlas-hatch" in fill


def query(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}


def wait_query(page: Page, key: str, value: str | None) -> None:
    """Wait until a parameter of the page's address has a value (None: is absent)."""
    page.wait_for_function(
        "([key, value]) => new URLSearchParams(location.search).get(key) === value",
        arg=[key, value],
        timeout=20_000,
    )


def wait_idle(page: Page) -> None:
    """Wait until Streamlit's script has run to its end."""
    page.wait_for_function(
        """() => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState
                 === 'notRunning'""",
        timeout=30_000,
    )


def wait_still(page: Page) -> None:
    """Wait until no part of the page moves: an open list closes when what it hangs on moves."""
    page.wait_for_function(
        """() => document.getAnimations().every((a) => a.playState !== 'running'
             || a.effect.getComputedTiming().iterations === Infinity)"""
    )


def pick(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box by the beginning of its text."""
    wait_idle(page)
    wait_still(page)
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    page.get_by_role("option").first.wait_for(timeout=10_000)
    box.fill(option)  # long lists hold only the options in view
    page.get_by_role("option", name=re.compile(rf"^{re.escape(option)}(（| \(|$)")).first.click()


def picked(page: Page) -> dict[str, str]:
    """What every picker of the page shows: select boxes, segmented controls, sliders."""
    values: dict[str, str] = page.evaluate(
        """() => {
          const found = {};
          for (const box of document.querySelectorAll('[role="combobox"]'))
            found[box.getAttribute('aria-label')] = box.value;
          for (const group of document.querySelectorAll('[role="radiogroup"]'))
            found[group.getAttribute('aria-label')] =
              group.querySelector('[aria-checked="true"]')?.textContent ?? '';
          for (const slider of document.querySelectorAll('input[type="range"]'))
            found[slider.getAttribute('aria-label')] = slider.value;
          return found;
        }"""
    )
    return values


def choose_level(page: Page, name: str) -> None:
    page.get_by_role("radiogroup").get_by_role("radio", name=name, exact=True).click()


def wait_font(visit: Visit) -> None:
    """Wait until the web font is there and the names are set in it."""
    visit.page.wait_for_function(
        """() => [...document.querySelectorAll('iframe')].some((f) => {
             const fonts = f.contentDocument.fonts;
             return fonts.size > 0 && fonts.status === 'loaded'
               && [...fonts].some((font) => font.status === 'loaded'); })""",
        timeout=30_000,
    )


def facts_rows(name: str) -> list[dict[str, str]]:
    """Rows of a table in data/facts/."""
    return read_csv(FACTS / name)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def visiting(browser: Browser, server: str, **options: Any) -> Iterator[Visit]:
    """A visitor of one's own: fresh cookies, storage and session; foreign hosts blocked."""
    context = browser.new_context(
        viewport=options.pop("viewport", DESKTOP), accept_downloads=True, **options
    )
    visit = Visit(context.new_page(), server)
    visit.guard()
    try:
        yield visit
    finally:
        context.close()
