"""What a table leaves open and the command `import` was told: place, period, state or batch."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import Any

from facts.drafts import questions
from facts.mappings import Mapping
from facts.matching import Matcher
from facts.periodtexts import parse_period
from facts.recordfields import stage_of, stage_words
from facts.tableforms import TableForm
from store.imports import ImportRefusedError
from terminal.files import FileCommandError

_OPTIONS = {"default_place": "--place", "period": "--period", "stage": "--stage"}
_SHOWN = 12


def answered(mapping: Mapping, form: TableForm, matcher: Matcher, args: Namespace) -> Mapping:
    """The mapping with the answers given as options.

    These are asked of every table: that the last one of this form was of some zone says nothing
    about whose this one is.

    Raises:
        FileCommandError: an option that can't be used.
        ImportRefusedError: what is still open, with the options that would answer it.
    """
    mapping = _with_options(mapping, form, matcher, args)
    found = questions(form, mapping, matcher)
    if not found:
        return mapping
    asked = [q.text_zh if args.lang == "zh" else q.text_en for q in found]
    options = "、".join(dict.fromkeys(_OPTIONS[q.kind] for q in found if q.kind in _OPTIONS))
    by_zh = f"请用 {options} 说明" if options else ""
    by_en = f"answer with {options}" if options else ""
    if any(q.kind not in _OPTIONS for q in found):
        by_zh = "；".join(filter(None, (by_zh, "请在导入页上确认一次（以后同样的表不再问）")))
        by_en = "; ".join(filter(None, (by_en, "answer them once on the import page")))
    raise ImportRefusedError(
        f"有 {len(asked)} 处要先确认，{by_zh}：{'；'.join(asked[:_SHOWN])} / "
        f"{len(asked)} questions are open: {by_en}",
        faults=asked,
    )


def _with_options(mapping: Mapping, form: TableForm, matcher: Matcher, args: Namespace) -> Mapping:
    """Only what the table itself does not tell is answered; its own columns go first."""
    asked = {q.kind for q in questions(form, mapping, matcher)}
    changes: dict[str, Any] = {}
    if args.place and "default_place" in asked:
        if args.place not in matcher.facts.places_by_id:
            raise FileCommandError(f"没有地点 {args.place} / there is no place {args.place}")
        changes["place_id"] = args.place
    if args.period and "period" in asked:
        changes["period"] = parse_period(args.period)
        if changes["period"] is None:
            raise FileCommandError(
                f"--period 看不懂：{args.period}，请写如 2023年上半年 / --period takes a period "
                f"such as 2023年上半年, not {args.period}"
            )
    if args.stage and "stage" in asked:
        changes["stage"] = stage_of(mapping.table, args.stage)
        if not changes["stage"]:
            words = "、".join(stage_words(mapping.table))
            raise FileCommandError(
                f"--stage 可以写 {words}，不是 {args.stage} / --stage takes one of {words}"
            )
    unused = [name for name, kind in (("place", "default_place"), ("period", "period"),
              ("stage", "stage")) if getattr(args, name) and kind not in asked]  # fmt: skip
    if unused:
        told = "、".join(f"--{name}" for name in unused)
        raise FileCommandError(
            f"{told} 用不上：表里自己写明了 / {told} can't be used: the table itself tells it"
        )
    return replace(mapping, **changes)
