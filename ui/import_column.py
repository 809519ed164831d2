"""The editor of one column: what it means, in which unit, which kind of figures."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, cast

import streamlit as st

from facts.drafts import Question
from facts.errors import FactsError
from facts.mappings import ColumnMapping, Mapping
from facts.model import Lang
from facts.recordfields import FIELDS, field_of
from facts.tableforms import FormColumn, TableForm
from facts.units import canonical_unit, factor, known_units, unit_name
from layers.atlas import Atlas
from layers.texts import text
from ui import chrome
from ui.import_parts import choose

_KINDS: Final = ("actual", "cumulative", "target", "yoy", "share")
_ROLES: Final = (
    "place", "indicator", "value", "period", "unit", "kind", "population", "part", "skip",
)  # fmt: skip
_COMPOUND: Final = (
    "万元/亩", "万元/公顷", "元/平方米", "亿元/平方公里", "吨标煤/万元", "万元/人", "GW/年",
    "万吨/年", "亿元/年", "万元/年",
)  # fmt: skip
_SAMPLES: Final = 3


def column_editor(
    atlas: Atlas, form: TableForm, column: ColumnMapping, lang: Lang, *, asked: Question | None,
    mapping: Mapping,
) -> ColumnMapping:  # fmt: skip
    """Editor of one column; returns it as decided."""
    seen = form.column(column.index)
    left, middle, right = st.columns([3, 4, 3], gap="small", vertical_alignment="center")
    with left:
        _column_head(column, seen, lang)
    options, names = _meanings(atlas, column, asked, mapping, lang)
    key = f"imp_col_{column.index}"
    now = _meaning_of(column)
    with middle:
        chosen = choose(
            text("intake.means", lang, name=column.label), options, lang, key=key, now=now,
            format_func=lambda o: names.get(o, str(o)), labelled=False,
        )  # fmt: skip
        if chosen is None and asked is not None and asked.suggestions:
            first = names[f"i:{asked.suggestions[0].target_id}"]
            chrome.note(text("intake.perhaps", lang, name=first))
    decided = _decided(column, chosen)
    with right:
        return _details(atlas, decided, seen, mapping.table, lang)


def _column_head(column: ColumnMapping, seen: FormColumn | None, lang: Lang) -> None:
    label = " › ".join(seen.labels if seen else ()) or column.label
    label = label or text("intake.no_head", lang)
    unit = f"（{seen.unit}）" if seen and seen.unit else ""
    sample = text("intake.list_mark", lang).join(seen.sample[:_SAMPLES]) if seen else ""
    st.html(
        f'<p class="za-column"><b>{chrome.escape(label + unit)}</b>'
        f"<small>{chrome.escape(sample)}</small></p>"
    )


def _meanings(
    atlas: Atlas, column: ColumnMapping, asked: Question | None, mapping: Mapping, lang: Lang
) -> tuple[list[str], dict[str, str]]:
    """What a column can mean, the likely ones first; keys are roles, "i:<id>", "f:<field>"."""
    if mapping.table != "figures":
        names = {
            f"f:{f.key}": f.name_zh if lang == "zh" else f.name_en for f in FIELDS[mapping.table]
        }
        names["skip"] = text("intake.role_skip", lang)
        return list(names), names
    facts = atlas.facts
    first = [f"i:{s.target_id}" for s in asked.suggestions] if asked else []
    if column.indicator_id:
        first.insert(0, f"i:{column.indicator_id}")
    all_indicators = [f"i:{i.indicator_id}" for i in facts.indicators]
    roles = _ROLES
    options = list(dict.fromkeys([*first, *roles, *all_indicators]))
    names = {f"i:{i.indicator_id}": f"{i.name(lang)}" for i in facts.indicators}
    names |= {r: text(f"intake.role_{r}", lang) for r in roles}
    scores = {f"i:{s.target_id}": s for s in asked.suggestions} if asked else {}
    for key, found in scores.items():
        why = found.reason_zh if lang == "zh" else found.reason_en
        name = found.name_zh if lang == "zh" else found.name_en
        names[key] = text("intake.suggestion", lang, name=name, why=why)
    return options, names


def _meaning_of(column: ColumnMapping) -> str | None:
    if column.role == "field":
        return f"f:{column.name}"
    if column.role == "value" and column.indicator_id:
        return f"i:{column.indicator_id}"
    return column.role or None


def _decided(column: ColumnMapping, chosen: str | None) -> ColumnMapping:
    if chosen == _meaning_of(column):
        return column
    if chosen is None:
        return replace(column, role="", indicator_id="", name="")
    column = replace(column, numerator=None, denominator=None, basis="")
    if chosen.startswith("i:"):
        return replace(column, role="value", indicator_id=chosen[2:], name="")
    if chosen.startswith("f:"):
        return replace(column, role="field", name=chosen[2:], indicator_id="")
    return replace(column, role=cast("Any", chosen), indicator_id="", name="")


def _details(
    atlas: Atlas, column: ColumnMapping, seen: FormColumn | None, table: str, lang: Lang
) -> ColumnMapping:
    """Unit and kind of a column that has them."""
    canonical = ""
    if column.role == "value" and column.indicator_id in atlas.facts.indicators_by_id:
        canonical = atlas.facts.indicator(column.indicator_id).unit
    elif column.role == "field":
        field = field_of(table, column.name)
        canonical = field.unit if field else ""
    if column.role not in ("value", "field") or (column.role == "field" and not canonical):
        return column
    left, right = st.columns(2, gap="small")
    with left:
        unit = _unit(column, seen, canonical, lang)
    kind = column.kind
    if column.role == "value":
        with right:
            kind = _kind(column, lang)
    return replace(column, unit=unit, kind=cast("Any", kind))


def _unit(column: ColumnMapping, seen: FormColumn | None, canonical: str, lang: Lang) -> str:
    printed = column.unit or (seen.unit if seen else "")
    growth = column.kind in ("yoy", "share")
    fitting = ("%",) if growth else compatible_units(canonical) if canonical else ()
    options = list(dict.fromkeys(filter(None, (printed, *fitting))))
    key = f"imp_col_unit_{column.index}_{column.indicator_id or column.name}_{growth}"
    chosen = choose(
        text("intake.unit_of", lang, name=column.label), options, lang, key=key,
        now=printed or None, format_func=lambda u: unit_words(u, lang), labelled=False,
    )  # fmt: skip
    return chosen or ""


def _kind(column: ColumnMapping, lang: Lang) -> str:
    key = f"imp_col_kind_{column.index}"
    st.session_state.setdefault(key, column.kind or "actual")
    return str(
        st.selectbox(
            text("intake.kind_of", lang, name=column.label), _KINDS, key=key,
            format_func=lambda k: text(f"legend.kind.{k}", lang), label_visibility="collapsed",
        )
    )  # fmt: skip


@lru_cache(maxsize=128)
def compatible_units(unit: str) -> tuple[str, ...]:
    """The units that figures of one in `unit` can be printed in, each once."""
    found = [unit]
    for other in (*known_units(), *_COMPOUND):
        try:
            if canonical_unit(other) == other:
                factor(other, unit)
                found.append(other)
        except FactsError:
            continue
    return tuple(dict.fromkeys(found))


def unit_words(unit: str, lang: Lang) -> str:
    """A unit for readers; one that has no other name as it is printed."""
    try:
        return unit_name(unit, lang)
    except FactsError:
        return unit
