"""Proposals and the rules of their ledgers, read from the workspace and saved to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from geo.proposals import Proposal
from geo.rules import Rule
from store.proposalfiles import PROPOSAL_COLUMNS, proposals_frame, rules_frame
from store.workspace import Workspace

COLLECTION = "proposals"
RULES = "proposal-rules"
_FIELDS = tuple(name for name in PROPOSAL_COLUMNS if name != "role")
_LAND = {"base": "base", "in": "land_in", "out": "land_out"}


def read_proposals(
    workspace: Workspace, *, versions: Mapping[str, int] | None = None
) -> tuple[Proposal, ...]:
    """All proposals, by id and alternative.

    Raises:
        StoreError: the collection is missing or corrupt.
    """
    frame: Any = workspace.read(COLLECTION, version=(versions or {}).get(COLLECTION))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in frame.to_dict("records"):
        key = (str(row["proposal_id"]), str(row["alternative"]))
        fields = found.setdefault(
            key, {name: _text(row[name]) for name in _FIELDS} | dict.fromkeys(_LAND.values())
        )
        fields[_LAND[row["role"]]] = row["geometry"]
    return tuple(Proposal(**found[key]) for key in sorted(found))


def save_proposal(
    workspace: Workspace,
    proposal: Proposal,
    *,
    author: str,
    message: str,
    expected_version: int | None = None,
) -> int:
    """Store a proposal, in place of the one with its id and alternative; the new version.

    Raises:
        StaleWriterError: somebody saved another version meanwhile (with `expected_version`).
        StoreError: it can't be stored.
    """
    frame: Any = workspace.read(COLLECTION)
    same = (frame["proposal_id"] == proposal.proposal_id) & (
        frame["alternative"] == proposal.alternative
    )
    common = {name: getattr(proposal, name) for name in _FIELDS}
    rows = frame[~same].to_dict("records")
    parts = [
        common | {"role": role, "geometry": getattr(proposal, field)}
        for role, field in _LAND.items()
        if getattr(proposal, field) is not None
    ]
    rows += parts or [common | {"role": "in", "geometry": None}]
    return workspace.write(
        COLLECTION, proposals_frame(rows), author=author, message=message, source=proposal.key,
        expected_version=expected_version,
    )  # fmt: skip


def read_rules(
    workspace: Workspace, key: str | None = None, *, versions: Mapping[str, int] | None = None
) -> tuple[Rule, ...]:
    """The rules saved with a proposal, else the default set, in order.

    Raises:
        StoreError: the collection is missing or corrupt.
    """
    table = workspace.read(RULES, version=(versions or {}).get(RULES))
    own = table[table["proposal_key"].fillna("") == (key or "")]
    if own.empty:
        own = table[table["proposal_key"].fillna("") == ""]
    return tuple(_rule(row) for row in own.sort_values("position").to_dict("records"))


def save_rules(
    workspace: Workspace, key: str, rules: Sequence[Rule], *, author: str, message: str
) -> int:
    """Store a proposal's own rules (`key` "" for the default set); the new version.

    Raises:
        StoreError: they can't be stored.
    """
    table = workspace.read(RULES)
    rows: list[dict[str, Any]] = table[table["proposal_key"].fillna("") != key].to_dict("records")
    rows += [
        {
            "proposal_key": key, "position": position, "rule_id": rule.rule_id,
            "name_zh": rule.name_zh, "name_en": rule.name_en, "layer": rule.layer,
            "column_name": rule.column, "classes": "|".join(rule.classes), "place": rule.where,
            "action": rule.action, "enabled": rule.enabled,
        }
        for position, rule in enumerate(rules)
    ]  # fmt: skip
    return workspace.write(
        RULES, rules_frame(rows), author=author, message=message, source=key or "default"
    )


def _rule(row: Mapping[str, Any]) -> Rule:
    classes = _text(row["classes"])
    return Rule(
        rule_id=_text(row["rule_id"]), name_zh=_text(row["name_zh"]), name_en=_text(row["name_en"]),
        layer=_text(row["layer"]), column=_text(row["column_name"]),
        classes=tuple(classes.split("|")) if classes else (), where=row["place"],
        action=row["action"], enabled=bool(row["enabled"]),
    )  # fmt: skip


def _text(value: Any) -> str:
    """A cell as text; a missing one is empty."""
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - NaN
