"""What a file lets suspect about its coordinates, and the verdict on them with its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from geo.magnitudes import BBox
from geo.problems import Level, Problem
from geo.systems import DATUM_NAMES, Datum, ReferenceSystem, gauss_system

Basis = Literal["declared", "certain", "given", "ambiguous", "unknown_datum", "unknown"]

LABELS: Final[dict[Basis, str]] = {
    "declared": "declared", "certain": "certain from magnitude", "given": "given",
    "ambiguous": "ambiguous", "unknown_datum": "unknown datum", "unknown": "unknown",
}  # fmt: skip
OLD_DATUMS: Final[tuple[Datum, ...]] = ("xian80", "beijing54")
# Declarations that the format makes for every file, so that the file itself says nothing.
RULES_OF_FORMATS: Final = ("RFC 7946", "KML", "KMZ", "ovkml", "GeoJSON", "GeoParquet default")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrsHints:
    """What a file says or lets suspect about its coordinates; "" and None where it is silent.

    `declared` is WKT, PROJJSON or "EPSG:n", and `declared_by` where it stands (".prj",
    "GeoPackage", "RFC 7946", "crs member", …). `datum`, `zone` (带号) and `zone_width_deg` (3 or 6)
    are what a header says in words. `may_be_shifted`: formats that web-map tools write in GCJ-02.
    """

    declared: str = ""
    declared_by: str = ""
    datum: Datum | Literal[""] = ""
    zone: int | None = None
    zone_width_deg: int | None = None
    may_be_shifted: bool = False
    producer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What system a file is in, as far as it can be known.

    `systems` is the one, when settled, or the candidates, the likeliest first. `swap`: the first
    coordinate is the northing or latitude. `declared` is the system that the file names, if its
    numbers allow it, `refuted` the same if they don't; `weak` when it is only a rule of the format.
    `bounds` are those judged: min x, min y, max x, max y as in the file.

    `datum_open`: the systems are Gauss-Krüger metres and neither words nor numbers tell their
    datum. Candidates of an ambiguous zone are then named by CGCS2000 only, and whoever chooses
    one says the datum with it; `on_datum` gives the same zone on another.
    """

    basis: Basis
    systems: tuple[ReferenceSystem, ...] = ()
    swap: bool = False
    reasons_zh: tuple[str, ...] = ()
    reasons_en: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    declared: ReferenceSystem | None = None
    declared_by: str = ""
    refuted: ReferenceSystem | None = None
    weak: bool = False
    bounds: BBox | None = None
    datum_open: bool = False

    @property
    def settled(self) -> bool:
        """Whether nothing must be asked about where the coordinates stand."""
        return self.basis in ("declared", "certain", "given") and len(self.systems) == 1

    @property
    def label(self) -> str:
        """The basis in the words of the interface; "ambiguous" names the candidates' numbers."""
        if self.basis != "ambiguous":
            return LABELS[self.basis]
        named = (self.refuted, *self.systems) if self.refuted else self.systems
        return "ambiguous: " + " or ".join(one.number for one in named)

    def reasons(self, lang: str) -> tuple[str, ...]:
        """The reasons in that language."""
        return self.reasons_zh if lang == "zh" else self.reasons_en

    def question(self, lang: str) -> str:
        """What to ask, in words; "" when settled."""
        if self.settled:
            return ""
        zh = lang == "zh"
        names = [one.name(lang) for one in self.systems]
        before = ""
        if self.refuted is not None:
            said = self.refuted.name(lang)
            before = f"声明的{said}与数值不符。" if zh else f"Declared is {said}, which is wrong. "
        if not names:
            return before + (
                "看不出坐标系，请指定（如 EPSG:4526）。"
                if zh
                else "The coordinate system can't be told: which is it (such as EPSG:4526)?"
            )
        if len(names) == 1:
            return before + (f"坐标系是{names[0]}吗？" if zh else f"Is it {names[0]}?")
        if zh:
            what = "基准" if self.basis == "unknown_datum" else "坐标系"
            asked = f"{before}数值看不出{what}，请选定：" + "；".join(names) + "。"
            return asked + self._other_datums("zh")
        what = "datum" if self.basis == "unknown_datum" else "system"
        asked = f"{before}The numbers don't tell the {what}; is it " + "; or ".join(names) + "?"
        return asked + self._other_datums("en")

    def _other_datums(self, lang: str) -> str:
        """That a zone chosen by its number says the datum too, and the numbers of other datums."""
        if self.basis != "ambiguous" or not self.datum_open:
            return ""
        zh = lang == "zh"
        told = []
        for datum in OLD_DATUMS:
            name = DATUM_NAMES[datum][0 if zh else 1]
            numbers = (on_datum(one, datum).number for one in self.systems)
            told.append(f"{name} {'、'.join(numbers) if zh else ' or '.join(numbers)}")
        if zh:
            return (
                "数值也看不出基准：选这些编号即由您认定基准是 2000国家大地坐标系；若是别的基准："
                f"{'；'.join(told)}。"
            )
        return (
            " The numbers don't tell the datum either: to choose one of these is to say that it is "
            f"CGCS2000. On another datum: {'; '.join(told)}."
        )


def on_datum(one: ReferenceSystem, datum: Datum) -> ReferenceSystem:
    """The Gauss-Krüger system of the same zone and form on another datum.

    Raises ValueError for a system of another kind.
    """
    if one.kind != "gauss" or one.zone is None:
        raise ValueError(f"no Gauss-Krüger system: {one.key}")
    return gauss_system(datum, one.zone, prefixed=one.prefixed)


@dataclass(slots=True)
class Notes:
    """Reasons and problems as they come up."""

    zh: list[str] = field(default_factory=list)
    en: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def say(self, zh: str, en: str) -> None:
        """Add a reason."""
        self.zh.append(zh)
        self.en.append(en)

    def tell(self, code: str, zh: str, en: str, *, level: Level = "warning") -> None:
        """Add a problem."""
        self.problems.append(Problem(code, level, zh, en))


def swap_problem(chosen: ReferenceSystem) -> Problem:
    """The warning that the file has latitude or northing first."""
    if chosen.kind == "geographic":
        return Problem(
            "axes_swapped", "warning", "文件中纬度在前、经度在后，已对调",
            "latitude stands before longitude in the file; they were exchanged",
        )  # fmt: skip
    return Problem(
        "axes_swapped", "warning", "文件中纵坐标（北）在前、横坐标（东）在后，已对调",
        "the northing stands before the easting in the file; they were exchanged",
    )  # fmt: skip


def make_verdict(
    basis: Basis,
    systems: tuple[ReferenceSystem, ...],
    notes: Notes,
    *,
    box: BBox | None = None,
    swap: bool = False,
    declared: ReferenceSystem | None = None,
    hints: CrsHints | None = None,
    datum_open: bool = False,
) -> Verdict:
    """A verdict with the notes taken so far; exchanged axes are told once, here."""
    if swap and systems:
        notes.problems.append(swap_problem(systems[0]))
    by = hints.declared_by if hints else ""
    return Verdict(
        basis=basis, systems=systems, swap=swap, reasons_zh=tuple(notes.zh),
        reasons_en=tuple(notes.en), problems=tuple(notes.problems), declared=declared,
        declared_by=by, weak=declared is not None and by in RULES_OF_FORMATS, bounds=box,
        datum_open=datum_open,
    )  # fmt: skip
