"""The map page: pickers at the left, key figures above the map, the table inside the map's frame.

Everything that changes the picture stands in one fragment: a change reruns only that, sends the
frame its new classes and colours, and leaves the frame's document and view alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar
from urllib.parse import urlencode

import streamlit as st
import streamlit.components.v1 as components

from facts.model import Lang
from layers.atlas import Atlas
from layers.classify import MAX_CLASSES, MIN_CLASSES, SCHEMES
from layers.errors import ViewError
from layers.join import LEVELS, SCOPES, Choice, choices
from layers.legend import palette_name
from layers.palette import known_palettes
from layers.texts import text
from layers.view import SYMBOLS, View
from ui import chrome
from ui.tables import Link, figure_strip, links_html

Render: TypeAlias = Callable[[Atlas, Lang], None]
T = TypeVar("T", bound=Hashable)

FRAME_KEYS = ("c", "z")  # the map's centre and zoom belong to the frame
_STATE = "view"  # the view of this visit, which outlives the widgets of the page

zone_map = components.declare_component("zone_map", url="/frame/map")


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page; the address restores a view."""
    for message in _restore(atlas, lang):
        chrome.warn(message)
    with st.container(key="workbench"):
        _workbench(atlas, lang)


def _restore(atlas: Atlas, lang: Lang) -> tuple[str, ...]:
    """Take the view from the address when it asks for another one than this visit has."""
    asked = {k: v for k, v in st.query_params.items() if k not in (*FRAME_KEYS, "lang")}
    kept: View | None = st.session_state.get(_STATE)
    if kept and (not asked or asked == _params(kept)):
        st.session_state[_STATE] = replace(kept, lang=lang)
        return ()
    view, messages = View.from_params(atlas.facts, asked | {"lang": lang})
    st.session_state[_STATE] = view
    for key in [k for k in st.session_state if str(k).startswith("pick_")]:
        del st.session_state[key]
    return messages


def _params(view: View) -> dict[str, str]:
    return {k: v for k, v in view.to_params().items() if k != "lang"}


@st.fragment
def _workbench(atlas: Atlas, lang: Lang) -> None:
    left, right = st.columns([1, 4], gap="medium")
    with left, st.container(key="pickers"):
        view = _pickers(atlas, replace(st.session_state[_STATE], lang=lang))
    view = _selection(view)
    try:
        args, cells = atlas.paint(view), atlas.key_figures(view)
    except ViewError as fault:
        with right:
            chrome.warn(str(fault))
        return
    with right, st.container(key="picture"):
        if cells:
            figures = [(f.label, f.value, f.note) for f in cells]
            st.html(figure_strip(figures, caption=text("ui.key_figures", lang)))
        zone_map(**args, geometry=atlas.geometry_addresses(), key="map", default=None)
    with left:
        _take_away(view, lang)
    st.session_state[_STATE] = view
    _write_address(view)


def _write_address(view: View) -> None:
    """Let the address say what is shown, and leave the frame's part of it alone."""
    kept = {k: v for k, v in st.query_params.items() if k in FRAME_KEYS}
    wanted = view.to_params() | {"lang": view.lang} | kept
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def _selection(view: View) -> View:
    """The view with what was last selected on the map or in its table."""
    event = st.session_state.get("map") or {}
    if event.get("seq") == st.session_state.get("map_seq"):
        return view
    st.session_state["map_seq"] = event.get("seq")
    if event.get("event") == "select":
        return replace(view, selected=event.get("id"))
    if event.get("event") == "bad_view":
        chrome.warn(text("ui.bad_map_view", view.lang))
    return view


# --- pickers -------------------------------------------------------------------------------------


def _pickers(atlas: Atlas, view: View) -> View:
    lang = view.lang
    level = _choose(
        "level", LEVELS, view.level, lang, lambda v: text(f"ui.level_{v}", lang), flat=True
    )
    options = choices(atlas.facts, level, lang)
    if not options:
        st.info(text("legend.no_picture", lang))
        return replace(view, level=level, indicator_id="", scope=SCOPES[level][0])
    scopes = [s for s in SCOPES[level] if any(o.scope == s for o in options)]
    scope = scopes[0]
    if len(scopes) > 1:
        scope = _choose(
            "scope", scopes, view.scope, lang, lambda v: text(f"legend.scope.{v}", lang)
        )
    options = [o for o in options if o.scope == scope]
    indicator = _choose(
        "indicator",
        _distinct(o.indicator_id for o in options),
        view.indicator_id,
        lang,
        lambda v: _indicator_label(options, v, lang),
    )
    options = [o for o in options if o.indicator_id == indicator]
    kinds = _distinct(o.kind for o in options)
    kind = _choose(
        "kind",
        kinds,
        view.kind,
        lang,
        lambda v: text(f"legend.kind.{v}", lang),
        flat=len(kinds) <= 3,
    )
    steps = sorted((o for o in options if o.kind == kind), key=lambda o: o.period.sort_key)
    period = _time(steps, view.period_key, lang)
    return _styling(
        replace(
            view, level=level, scope=scope, indicator_id=indicator, kind=kind, period_key=period
        )
    )


def _indicator_label(options: Sequence[Choice], indicator_id: str, lang: Lang) -> str:
    own = [o for o in options if o.indicator_id == indicator_id]
    places = max(o.places for o in own)
    return text("ui.option_places", lang, name=own[0].indicator_name, places=places)


def _time(steps: Sequence[Choice], current: str, lang: Lang) -> str:
    """The period, with a step back and a step forward through time."""
    keys = [o.period_key for o in steps]
    fullest = max(steps, key=lambda o: (o.places, o.period.sort_key)).period_key
    names = {
        o.period_key: text("ui.option_places", lang, name=o.period.name(lang), places=o.places)
        for o in steps
    }
    period = _choose(
        "period", keys, current if current in keys else fullest, lang, names.__getitem__
    )
    if len(keys) > 1:
        at = keys.index(period)
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
    return period


def _step(period_key: str) -> None:
    st.session_state["pick_period"] = period_key


def _styling(view: View) -> View:
    lang = view.lang
    with st.expander(text("ui.styling", lang)):
        scheme = _choose(
            "scheme", SCHEMES, view.scheme, lang, lambda v: text(f"legend.scheme.{v}", lang)
        )
        own: tuple[float, ...] = ()
        k = view.k
        if scheme == "own":
            own, scheme = _own_breaks(view)
        else:
            counts = range(MIN_CLASSES, MAX_CLASSES + 1)
            k = _choose("k", counts, view.k, lang, str, flat=True)
        # The default has a name of its own: a box whose choice is None would look unset.
        palettes = ["", *known_palettes(diverging=False), *known_palettes(diverging=True)]
        palette = _choose(
            "palette",
            palettes,
            view.palette or "",
            lang,
            lambda v: palette_name(v, lang) if v else text("ui.palette_default", lang),
        )
        symbols = view.symbols
        if view.level == "zone":
            symbols = _choose(
                "symbols", SYMBOLS, view.symbols, lang, lambda v: text(f"ui.symbols_{v}", lang)
            )
    return replace(
        view, scheme=scheme, k=k, own_breaks=own, palette=palette or None, symbols=symbols
    )


def _own_breaks(view: View) -> tuple[tuple[float, ...], str]:
    """Breaks as typed; a fault is told under the field and the former classes stay."""
    from layers.classify import parse_breaks  # noqa: PLC0415 -- needed only for this scheme

    lang = view.lang
    typed = st.text_input(
        text("ui.own_breaks", lang),
        ", ".join(f"{b:.12g}" for b in view.own_breaks),
        key="pick_breaks",
        help=text("ui.own_breaks_help", lang),
    )
    try:
        return parse_breaks(typed), "own"
    except ValueError as fault:
        chrome.warn(str(fault))
        return view.own_breaks, "own" if view.own_breaks else "quantiles"


def _choose(
    name: str,
    options: Sequence[T],
    current: T,
    lang: Lang,
    label_of: Callable[[T], str],
    *,
    flat: bool = False,
) -> T:
    """One picker; it keeps what was picked as long as that is still on offer."""
    key = f"pick_{name}"
    if st.session_state.get(key, object()) not in options:
        st.session_state[key] = current if current in options else options[0]
    label = text(f"ui.pick_{name}", lang)
    if flat:
        picked = st.segmented_control(
            label, options, key=key, format_func=label_of, required=True, width="stretch"
        )
        return options[0] if picked is None else picked
    return st.selectbox(label, options, key=key, format_func=label_of, placeholder=label)


def _distinct(values: Sequence[T] | object) -> list[T]:
    return list(dict.fromkeys(values))  # type: ignore[call-overload]


def _take_away(view: View, lang: Lang) -> None:
    """Links to what the map shows now, in each format."""
    query = urlencode(view.to_params() | {"lang": lang})
    items = [
        Link(name, f"/download/map.{extension}?{query}", download=True)
        for extension, name in chrome.FORMAT_NAMES.items()
    ]
    st.html(links_html(text("downloads.current", lang), items))
