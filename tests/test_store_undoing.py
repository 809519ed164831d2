"""Undoing an import of a new zone: its outline and its place go, and come back, together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from factories import figure, place

from store import undoing
from store.baseline import read_facts
from store.boundaryimport import commit_zones, zones_with
from store.errors import AlreadyCurrentError, StaleWriterError
from store.officefigures import PLACES, add_figures, office_source, row_prefix
from store.undoing import added_places, place_changes, restore_zones
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
SOURCE = office_source(title="新设开发区批复", file="新区.shp")
WHO: dict[str, Any] = {"author": "王工", "message": "新设"}
UNDO: dict[str, Any] = {"author": "李工", "message": "撤销"}
NEW = ("office-zone-1", "office-zone-2")


def add_zone(workspace: Workspace, number: int) -> int:
    """Import a zone that is not on file, as the page does; the version of the zones."""
    facts = read_facts(workspace)
    new = place(
        NEW[number], "zone", name_zh=f"新区{number}", name_en="", parent_id="140100",
        host_basis="outline", host_quality="derived", source_id=SOURCE.source_id,
    )  # fmt: skip
    add_figures(workspace, (), facts=facts, source=SOURCE, places=[new], **WHO)
    known = replace(facts, places=(*facts.places, new))
    west = 112.5 + number / 10
    current: Any = workspace.read("zones")
    zones = zones_with(
        current, {new.place_id: shapely.box(west, 37.8, west + 0.02, 37.82)}, known,
        precision="surveyed", source_id=SOURCE.source_id,
    )  # fmt: skip
    return commit_zones(workspace, zones, source=SOURCE, **WHO)


def on_file(workspace: Workspace) -> set[str]:
    return {p.place_id for p in read_facts(workspace).places} & set(NEW)


def test_undoing_the_import_of_a_new_zone_leaves_no_place_behind(workspace: Workspace) -> None:
    seen = workspace.version("zones")
    add_zone(workspace, 0)
    assert on_file(workspace) == {NEW[0]}
    assert read_facts(workspace).place(NEW[0]).host_basis == "outline"
    assert added_places(workspace) == {NEW[0]: "新区0"}
    assert place_changes(workspace, seen).leaving == (NEW[0],)
    done = restore_zones(workspace, seen, expected_version=seen + 1, **UNDO)
    assert (done.version, done.left, done.kept, done.returned) == (seen + 2, ("新区0",), (), ())
    assert on_file(workspace) == set() and added_places(workspace) == {}
    assert workspace.info(PLACES).author == "李工" and workspace.info(PLACES).message == "撤销"


def test_going_forward_again_brings_the_place_back(workspace: Workspace) -> None:
    seen = workspace.version("zones")
    made = add_zone(workspace, 0)
    restore_zones(workspace, seen, **UNDO)
    done = restore_zones(workspace, made, **UNDO)
    assert done.returned == ("新区0",) and done.left == ()
    assert on_file(workspace) == {NEW[0]}


def test_only_the_places_of_what_is_undone_leave(workspace: Workspace) -> None:
    first = add_zone(workspace, 0)
    add_zone(workspace, 1)
    done = restore_zones(workspace, first, **UNDO)
    assert done.left == ("新区1",) and on_file(workspace) == {NEW[0]}


def test_a_place_that_figures_are_about_stays(workspace: Workspace) -> None:
    seen = workspace.version("zones")
    add_zone(workspace, 0)
    facts = read_facts(workspace)
    indicator = next(i for i in facts.indicators if i.unit == "亿元")
    row = figure(
        f"{row_prefix(SOURCE)}1", NEW[0], 5.0, indicator_id=indicator.indicator_id,
        source_id=SOURCE.source_id,
    )  # fmt: skip
    add_figures(workspace, [row], facts=facts, source=SOURCE, **WHO)
    done = restore_zones(workspace, seen, **UNDO)
    assert (done.left, done.kept) == ((), ("新区0",)) and on_file(workspace) == {NEW[0]}


def test_a_stale_or_needless_undo_changes_nothing(workspace: Workspace) -> None:
    seen = workspace.version("zones")
    made = add_zone(workspace, 0)
    with pytest.raises(StaleWriterError):
        restore_zones(workspace, seen, expected_version=seen, **UNDO)
    with pytest.raises(AlreadyCurrentError):
        restore_zones(workspace, made, **UNDO)
    assert workspace.version("zones") == made and on_file(workspace) == {NEW[0]}


def test_when_the_place_can_not_be_undone_the_outline_is_not_either(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = workspace.version("zones")
    add_zone(workspace, 0)

    def refuse(*_args: object, **_more: object) -> None:
        raise StaleWriterError("已被他人更新 / somebody was first")

    monkeypatch.setattr(undoing, "_drop", refuse)
    with pytest.raises(StaleWriterError):
        restore_zones(workspace, seen, **UNDO)
    assert NEW[0] in set(workspace.read("zones")["place_id"]) and on_file(workspace) == {NEW[0]}


def test_a_workspace_without_places_of_its_own_is_restored_as_ever(workspace: Workspace) -> None:
    facts, current = read_facts(workspace), workspace.read("zones")
    zone = next(p for p in facts.places if p.level == "zone")
    seen = workspace.version("zones")
    zones = zones_with(
        current, {zone.place_id: shapely.box(112.5, 37.8, 112.52, 37.82)}, facts,  # type: ignore[arg-type]
        precision="surveyed", source_id=SOURCE.source_id,
    )  # fmt: skip
    commit_zones(workspace, zones, source=SOURCE, **WHO)
    assert restore_zones(workspace, seen, **UNDO).left == ()
    assert PLACES not in workspace.versions()
