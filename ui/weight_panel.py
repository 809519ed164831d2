"""Where weights come from: a preset, sliders, or pairs judged against each other (AHP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import streamlit as st

from facts.ranking import METHODS
from facts.weights import PRESETS
from layers.compareview import CompareView
from layers.comparison import Comparison
from layers.dossiers import MEASURES
from layers.texts import text
from ui import chrome

MODES = ("preset", "weights", "ahp")
_FINEST = 0.05
_MOST_PAIRS = 6  # criteria that can be judged in pairs: fifteen questions
_SCALE = (9, 7, 5, 3, 1, 1 / 3, 1 / 5, 1 / 7, 1 / 9)  # Saaty's, for and against


def pick_weights(view: CompareView, comparison: Comparison | None) -> CompareView:
    """Draw the panel; returns the view with what was chosen."""
    lang = view.lang
    mode = st.segmented_control(
        text("compare.weights_from", lang), MODES, key="weights_mode", required=True,
        default="weights" if view.weights else "ahp" if view.judgements else "preset",
        format_func=lambda m: text(f"compare.from_{m}", lang),
    )  # fmt: skip
    method = st.selectbox(
        text("compare.method", lang), METHODS, index=METHODS.index(view.method),
        format_func=lambda m: text(f"compare.method_{m}", lang), key="score_method",
    )  # fmt: skip
    view = replace(view, method=method)
    if mode == "preset":
        return _preset(view)
    chosen = st.multiselect(
        text("compare.criteria", lang),
        [kind.measure_id for kind in MEASURES if kind.polarity != "neutral"],
        default=list(view.criteria), key="score_criteria",
        format_func=lambda m: text(f"compare.measure_{m}", lang),
        placeholder=text("compare.criteria_hint", lang),
    )  # fmt: skip
    if not chosen:
        chrome.warn(text("compare.no_criteria", lang))
        return view
    return _sliders(view, chosen, comparison) if mode == "weights" else _pairs(view, chosen)


def _preset(view: CompareView) -> CompareView:
    names = list(PRESETS)
    preset = st.selectbox(
        text("compare.preset", view.lang), names, index=names.index(view.preset),
        format_func=lambda p: text(f"compare.preset_{p}", view.lang), key="score_preset",
    )  # fmt: skip
    return replace(view, preset=preset, weights={}, judgements={})


def _sliders(
    view: CompareView, chosen: Sequence[str], comparison: Comparison | None
) -> CompareView:
    """A slider a criterion; what they add up to does not matter."""
    start = view.weights or (comparison.weights if comparison else {})
    largest = max(start.values(), default=1.0) or 1.0
    weights = {}
    for name in chosen:
        at = min(max(round(start.get(name, largest) / largest / _FINEST) * _FINEST, 0.0), 1.0)
        weights[name] = st.slider(
            text(f"compare.measure_{name}", view.lang), 0.0, 1.0, at, _FINEST, key=f"weight_{name}"
        )
    return replace(view, weights={k: round(v, 2) for k, v in weights.items()}, judgements={})


def _pairs(view: CompareView, chosen: Sequence[str]) -> CompareView:
    """A question a pair; only what is answered differently from "alike" needs a place."""
    lang = view.lang
    if len(chosen) > _MOST_PAIRS:
        chrome.warn(text("compare.too_many_pairs", lang, most=_MOST_PAIRS))
        chosen = chosen[:_MOST_PAIRS]
    if len(chosen) < 2:
        chrome.warn(text("compare.too_few_pairs", lang))
        return view
    judgements = {}
    for a, b in combinations(chosen, 2):
        at = view.judgements.get((a, b), 1.0)
        nearest = min(_SCALE, key=lambda ratio: abs(ratio - at))
        names = [text(f"compare.measure_{name}", lang) for name in (a, b)]
        judgements[a, b] = st.select_slider(
            text("compare.pair", lang, a=names[0], b=names[1]), _SCALE, value=nearest,
            format_func=_ratio, key=f"pair_{a}_{b}",
        )  # fmt: skip
    return replace(view, judgements=judgements, weights={})


def _ratio(ratio: float) -> str:
    return f"{ratio:g}∶1" if ratio >= 1 else f"1∶{1 / ratio:g}"


def weights_text(comparison: Comparison) -> str:
    """The weights in use, as words."""
    lang = comparison.lang
    parts = (
        f"{text(f'compare.measure_{name}', lang)} {100 * weight:.1f}%"
        for name, weight in comparison.weights.items()
    )
    return text("compare.comma", lang).join(parts)
