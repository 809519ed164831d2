"""The pickers at the left of the map: what is on offer, what was picked, and how it is drawn.

A picker is read before it is drawn: what was picked stands in the session's state from the start
of a run. So the map can be sent first and the pickers after it, which a browser shows sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas
from layers.classify import MAX_CLASSES, MIN_CLASSES, SCHEMES, Scheme, parse_breaks
from layers.errors import ClassifyError
from layers.join import LEVELS, SCOPES, Choice, choices
from layers.legend import palette_name
from layers.palette import known_palettes
from layers.texts import text
from layers.view import SYMBOLS, View
from ui import chrome

T = TypeVar("T", bound=Hashable)
_PREFIX = "pick_"
_FLAT_MOST = 3  # as many kinds as fit beside each other


@dataclass
class Panel:
    """What is still to be drawn, in order."""

    lang: Lang = "zh"
    steps: list[Callable[[], object]] = field(default_factory=list)

    def add(self, step: Callable[[], object]) -> None:
        """Draw this later, after what was added before."""
        self.steps.append(step)

    def draw(self) -> None:
        """Draw everything, into the container that is open now."""
        for step in self.steps:
            step()


def forget_picks() -> None:
    """Let the next run start from the view instead of from what was picked before."""
    for key in [k for k in st.session_state if str(k).startswith(_PREFIX)]:
        del st.session_state[key]


def pick_view(panel: Panel, atlas: Atlas, view: View) -> View:
    """The view that the pickers say; they are added to `panel`, not drawn.

    What is on offer narrows from level to period, so each picker depends on those before it.
    """
    panel.lang = lang = view.lang
    level = _choose(
        panel, "level", LEVELS, view.level, lambda v: text(f"ui.level_{v}", lang), flat=True
    )
    options = choices(atlas.facts, level, lang)
    if not options:
        panel.add(lambda: st.info(text("legend.no_picture", lang)))
        return replace(view, level=level, indicator_id="", scope=SCOPES[level][0])
    scopes = [s for s in SCOPES[level] if any(o.scope == s for o in options)]
    scope = scopes[0]
    if len(scopes) > 1:
        scope = _choose(
            panel, "scope", scopes, view.scope, lambda v: text(f"legend.scope.{v}", lang)
        )
    options = tuple(o for o in options if o.scope == scope)
    labels = _indicator_labels(options, lang)
    indicator = _choose(panel, "indicator", list(labels), view.indicator_id, labels.__getitem__)
    options = tuple(o for o in options if o.indicator_id == indicator)
    kinds = _distinct(o.kind for o in options)
    kind = _choose(
        panel,
        "kind",
        kinds,
        view.kind,
        lambda v: text(f"legend.kind.{v}", lang),
        flat=len(kinds) <= _FLAT_MOST,
    )
    steps = sorted((o for o in options if o.kind == kind), key=lambda o: o.period.sort_key)
    period = _period(panel, steps, view.period_key)
    return _styling(
        panel,
        replace(
            view, level=level, scope=scope, indicator_id=indicator, kind=kind, period_key=period
        ),
    )


def _indicator_labels(options: Iterable[Choice], lang: Lang) -> dict[str, str]:
    """Each indicator's name with the most places that any of its pictures shows."""
    names: dict[str, tuple[str, int]] = {}
    for o in options:
        most = max(o.places, names.get(o.indicator_id, ("", 0))[1])
        names[o.indicator_id] = (o.indicator_name, most)
    return {
        indicator_id: text("ui.option_places", lang, name=name, places=places)
        for indicator_id, (name, places) in names.items()
    }


# --- time ----------------------------------------------------------------------------------------


def _period(panel: Panel, steps: Sequence[Choice], current: str) -> str:
    """The period, with a step back and a step forward through time."""
    lang = panel.lang
    keys = [o.period_key for o in steps]
    fullest = max(steps, key=lambda o: (o.places, o.period.sort_key)).period_key
    names = {
        o.period_key: text("ui.option_places", lang, name=o.period.name(lang), places=o.places)
        for o in steps
    }
    wanted = current if current in keys else fullest
    period = _choose(panel, "period", keys, wanted, names.__getitem__)
    if len(keys) > 1:
        panel.add(lambda: _draw_steps(keys, keys.index(period), lang))
    return period


def _draw_steps(keys: Sequence[str], at: int, lang: Lang) -> None:
    with st.container(horizontal=True, gap="small"):
        for name, step in (("earlier", -1), ("later", 1)):
            target = at + step
            st.button(
                text(f"ui.{name}", lang),
                key=f"step_{name}",
                disabled=not 0 <= target < len(keys),
                on_click=_step,
                args=(keys[min(max(target, 0), len(keys) - 1)],),
                width="stretch",
            )
    chrome.note(text("ui.step_of", lang, at=at + 1, count=len(keys)))


def _step(period_key: str) -> None:
    st.session_state[f"{_PREFIX}period"] = period_key


# --- classes and colours -------------------------------------------------------------------------


def _styling(panel: Panel, view: View) -> View:
    lang = view.lang
    inner = Panel(lang)
    scheme: Scheme = _choose(
        inner, "scheme", SCHEMES, view.scheme, lambda v: text(f"legend.scheme.{v}", lang)
    )
    own: tuple[float, ...] = ()
    k = view.k
    if scheme == "own":
        own, scheme = _own_breaks(inner, view)
    else:
        k = _choose(inner, "k", range(MIN_CLASSES, MAX_CLASSES + 1), view.k, str, flat=True)
    # The default has a name of its own: a box whose choice is None would look unset.
    palettes = ["", *known_palettes(diverging=False), *known_palettes(diverging=True)]
    palette = _choose(
        inner,
        "palette",
        palettes,
        view.palette or "",
        lambda v: palette_name(v, lang) if v else text("ui.palette_default", lang),
    )
    symbols = view.symbols
    if view.level == "zone":
        symbols = _choose(
            inner, "symbols", SYMBOLS, view.symbols, lambda v: text(f"ui.symbols_{v}", lang)
        )

    def draw() -> None:
        with st.expander(text("ui.styling", lang)):
            inner.draw()

    panel.add(draw)
    return replace(
        view, scheme=scheme, k=k, own_breaks=own, palette=palette or None, symbols=symbols
    )


def _own_breaks(panel: Panel, view: View) -> tuple[tuple[float, ...], Scheme]:
    """Breaks as typed; a fault is told under the field and the former classes stay."""
    lang, key = view.lang, f"{_PREFIX}breaks"
    if key not in st.session_state:
        st.session_state[key] = ", ".join(f"{b:.12g}" for b in view.own_breaks)
    panel.add(
        lambda: st.text_input(
            text("ui.own_breaks", lang), key=key, help=text("ui.own_breaks_help", lang)
        )
    )
    try:
        return parse_breaks(st.session_state[key]), "own"
    except ClassifyError as error:
        fault = str(error)
    panel.add(lambda: chrome.warn(fault))
    return view.own_breaks, "own" if view.own_breaks else "quantiles"


# --- one picker ----------------------------------------------------------------------------------


def _choose(
    panel: Panel,
    name: str,
    options: Sequence[T],
    current: T,
    label_of: Callable[[T], str],
    *,
    flat: bool = False,
) -> T:
    """What a picker says; it keeps what was picked as long as that is still on offer."""
    key = f"{_PREFIX}{name}"
    if st.session_state.get(key, object()) not in options:
        st.session_state[key] = current if current in options else options[0]
    label = text(f"ui.pick_{name}", panel.lang)
    if flat:
        panel.add(
            lambda: st.segmented_control(
                label, options, key=key, format_func=label_of, required=True, width="stretch"
            )
        )
    else:
        panel.add(
            lambda: st.selectbox(label, options, key=key, format_func=label_of, placeholder=label)
        )
    picked: T = st.session_state[key]
    return picked


def _distinct(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
