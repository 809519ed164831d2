"""Rules of a ledger: which land of which layer counts as what, in the order of a list.

No document defines what is usable or redevelopable, so a rule is data that a planner edits; its
text form travels in addresses and stands beside every result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, unquote

from geo.errors import RuleTextError

Action = Literal["exclude", "flag", "usable", "redevelopable"]
Where = Literal["inside", "outside"]
ACTIONS: Final[tuple[Action, ...]] = ("exclude", "flag", "usable", "redevelopable")
WHERES: Final[tuple[Where, ...]] = ("inside", "outside")

VERSION: Final = "1"
MOST_RULES: Final = 60
_FIELDS: Final = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `layer` is a collection's name. `classes` are codes in its column `column`, matched by their
    beginning ("01" means 0101, 0102 and so on); without classes every feature counts and
    `column` is empty. `where` turns a layer inside out: "outside" means the land that it does
    not cover. A rule that is not `enabled` stands in the list and does nothing.
    """

    rule_id: str
    name_zh: str
    name_en: str
    layer: str
    column: str
    classes: tuple[str, ...]
    where: Where
    action: Action
    enabled: bool = True

    def matches(self, code: str) -> bool:
        """Whether a feature of this class is meant."""
        return not self.classes or code.startswith(self.classes)


def rules_to_text(rules: Sequence[Rule]) -> str:
    """Rules as one line of text that an address can carry; `rules_from_text` reads it.

    The form is ``1;rule;rule…``, a rule's fields divided by commas, percent-encoded.
    """
    return ";".join([VERSION, *(_written(rule) for rule in rules)])


def rules_from_text(text: str) -> tuple[Rule, ...]:
    """The rules that a text describes.

    Raises:
        RuleTextError: it is not such a text; the first rule at fault is named by its number.
    """
    version, *parts = text.split(";")
    if version != VERSION:
        raise RuleTextError(f"规则文本须以“{VERSION};”开头 / rules must start with “{VERSION};”")
    if len(parts) > MOST_RULES:
        raise RuleTextError(f"规则超过 {MOST_RULES} 条 / more than {MOST_RULES} rules")
    rules = tuple(_read(number, part) for number, part in enumerate(parts, start=1))
    ids = [rule.rule_id for rule in rules]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise RuleTextError(f"规则编号重复：{twice[0]} / two rules have the id {twice[0]}")
    return rules


def _written(rule: Rule) -> str:
    flags = rule.where[0] + rule.action[0] + ("1" if rule.enabled else "0")
    texts = (rule.rule_id, rule.name_zh, rule.name_en, rule.layer, rule.column)
    classes = "|".join(quote(code, safe="") for code in rule.classes)
    count = str(len(rule.classes))
    return ",".join([*(quote(each, safe="") for each in texts), count, classes, flags])


def _read(number: int, part: str) -> Rule:
    fields = part.split(",")
    if len(fields) != _FIELDS:
        raise _bad(number, f"{len(fields)} 项，应为 {_FIELDS} 项 / fields, not {_FIELDS}")
    rule_id, name_zh, name_en, layer, column = (unquote(each) for each in fields[:5])
    count, written, flags = fields[5:]
    wheres = {w[0]: w for w in WHERES}
    actions = {a[0]: a for a in ACTIONS}
    if len(flags) != 3 or flags[0] not in wheres or flags[1] not in actions or flags[2] not in "01":
        raise _bad(number, f"不认识的标记 {flags[:8]!r} / unknown flags")
    classes = tuple(unquote(code) for code in written.split("|")) if count != "0" else ()
    if count != str(len(classes)) or (classes and not column):
        raise _bad(number, "类别与列名不符 / classes do not fit")
    if not rule_id or not layer:
        raise _bad(number, "缺少编号或图层 / the id or the layer is missing")
    return Rule(
        rule_id=rule_id, name_zh=name_zh, name_en=name_en, layer=layer, column=column,
        classes=classes, where=wheres[flags[0]],
        action=actions[flags[1]], enabled=flags[2] == "1",
    )  # fmt: skip


def _bad(number: int, why: str) -> RuleTextError:
    return RuleTextError(f"第 {number} 条规则有误：{why} / rule {number} is at fault")
