"""The editor of a ledger's rules: their order, their actions, which of them count, new ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from facts.model import Lang
from geo.rules import ACTIONS, Rule
from layers.atlas import Atlas
from layers.texts import text
from store.baseline import TABLES
from ui import chrome
from ui.ledger_parts import rule_name

_MOST_RULES = 30
_NO_LAND = {*TABLES, "proposals", "proposal-rules", "provinces", "county-seats"}


def edit_rules(atlas: Atlas, rules: Sequence[Rule], lang: Lang, *, key: str) -> tuple[Rule, ...]:
    """Draw the editor and return the rules as they are after this run's changes."""
    edited = list(rules)
    st.html(f"<h3>{text('proposal.rules', lang)}</h3>")
    chrome.note(text("proposal.rules_note", lang))
    for index, rule in enumerate(rules):
        with st.container(key=f"rule_row_{key}_{index}"):
            _row(edited, index, rule, lang, key)
    with st.expander(text("proposal.add_rule", lang)):
        _add(atlas, edited, lang, key)
    return tuple(edited)


def _row(edited: list[Rule], index: int, rule: Rule, lang: Lang, key: str) -> None:
    """One rule; a change is made in `edited`."""
    name = rule_name(rule, lang)
    columns = st.columns([5, 3, 1.3, 1.3, 1.3], gap="small", vertical_alignment="center")
    tag = f"{key}_{rule.rule_id}"
    with columns[0]:
        counts = st.checkbox(f"{index + 1}. {name}", value=rule.enabled, key=f"on_{tag}")
    with columns[1]:
        action = st.selectbox(
            text("proposal.action_of", lang, name=name), ACTIONS, index=ACTIONS.index(rule.action),
            format_func=lambda a: text(f"compare.action_{a}", lang), key=f"do_{tag}",
            label_visibility="collapsed",
        )  # fmt: skip
    for place, (step, word) in zip(columns[2:4], ((-1, "up"), (1, "down")), strict=True):
        free = 0 <= index + step < len(edited)
        with place:
            pressed = st.button(
                text(f"proposal.{word}", lang), key=f"{word}_{tag}", disabled=not free,
                width="stretch",
            )  # fmt: skip
        if pressed:
            edited[index], edited[index + step] = edited[index + step], edited[index]
            return
    with columns[4]:
        gone = st.button(text("proposal.drop", lang), key=f"drop_{tag}", width="stretch")
    if gone:
        edited.remove(rule)
        return
    if (counts, action) != (rule.enabled, rule.action):
        edited[edited.index(rule)] = replace(rule, enabled=counts, action=action)


def _add(atlas: Atlas, edited: list[Rule], lang: Lang, key: str) -> None:
    """A form for one more rule, from any layer of the workspace."""
    if len(edited) >= _MOST_RULES:
        chrome.note(text("proposal.rules_full", lang, most=_MOST_RULES))
        return
    layers = [n for n in sorted(atlas.versions) if n not in _NO_LAND and _has_land(atlas, n)]
    with st.form(f"add_rule_{key}", border=False):
        layer = st.selectbox(text("proposal.rule_layer", lang), layers)
        name = st.text_input(text("proposal.rule_name", lang), max_chars=60)
        column = st.text_input(text("proposal.rule_column", lang), max_chars=60)
        classes = st.text_input(text("proposal.rule_classes", lang), max_chars=200)
        where = st.selectbox(
            text("proposal.rule_where", lang), ("inside", "outside"),
            format_func=lambda w: text(f"proposal.where_{w}", lang),
        )  # fmt: skip
        action = st.selectbox(
            text("proposal.rule_action", lang), ACTIONS,
            format_func=lambda a: text(f"compare.action_{a}", lang),
        )  # fmt: skip
        done = st.form_submit_button(text("proposal.add_rule", lang))
    if not done or layer is None:
        return
    codes = tuple(dict.fromkeys(c for c in re.split(r"[\s,，、;；|]+", classes) if c))
    if codes and not column.strip():
        chrome.warn(text("proposal.column_needed", lang))
        return
    columns = atlas.columns_of(layer)
    if codes and column.strip() not in columns:
        chrome.warn(text("proposal.no_column", lang, column=column[:40], known="、".join(columns)))
        return
    rule_id = _free_id(edited, layer)
    edited.append(
        Rule(
            rule_id=rule_id, name_zh=name.strip() or layer, name_en=name.strip() or layer,
            layer=layer, column=column.strip() if codes else "", classes=codes, where=where,
            action=action,
        )
    )  # fmt: skip


def _has_land(atlas: Atlas, name: str) -> bool:
    return atlas.workspace.info(name, version=atlas.versions[name]).geo


def _free_id(rules: Sequence[Rule], layer: str) -> str:
    taken = {rule.rule_id for rule in rules}
    number = 1
    while f"{layer}-{number}" in taken:
        number += 1
    return f"{layer}-{number}"
