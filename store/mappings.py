"""What an office decided about a table's columns and names, kept for the next table of its form."""

import json

import pandas as pd

from facts.mappings import Mapping, MappingError
from store.errors import UnknownCollectionError
from store.workspace import NOT_YET, Workspace

COLLECTION = "table-mappings"
_COLUMNS = ("mapping_id", "kind", "name", "mapping")  # the id is the signature


def find_mapping(workspace: Workspace, signature: str) -> Mapping | None:
    """The mapping last saved for tables of that signature; one that can't be read counts as none.

    Raises:
        StoreError: the collection is damaged.
    """
    found = [one for one in all_mappings(workspace) if one.signature == signature]
    return found[0] if found else None


def all_mappings(workspace: Workspace) -> tuple[Mapping, ...]:
    """All saved mappings that can be read, by signature. Raises StoreError."""
    frame, _ = _read(workspace)
    found = []
    for text in frame.sort_values("mapping_id")["mapping"]:
        try:
            found.append(Mapping.from_json(json.loads(text)))
        except (MappingError, ValueError):
            continue
    return tuple(found)


def save_mapping(workspace: Workspace, mapping: Mapping, *, author: str, message: str = "") -> int:
    """Keep a mapping, in place of the one with its signature; the collection's version.

    Nothing is written when it is the same as before.

    Raises:
        StaleWriterError: somebody else saved one meanwhile.
        StoreError: it can't be stored.
    """
    frame, version = _read(workspace)
    text = json.dumps(mapping.to_json(), ensure_ascii=False, sort_keys=True)
    row = {
        "mapping_id": mapping.signature, "kind": mapping.table, "name": mapping.source.title,
        "mapping": text,
    }  # fmt: skip
    same = frame["mapping_id"] == mapping.signature
    if (frame.loc[same, "mapping"] == text).any():
        return version
    rows = [*frame[~same].to_dict("records"), row]
    return workspace.write(
        COLLECTION, _frame(rows), author=author, source="office",
        message=message or "记住列与名称的对应 / columns and names of a table",
        expected_version=version,
    )  # fmt: skip


def forget_mapping(workspace: Workspace, signature: str, *, author: str, message: str = "") -> int:
    """Remove a mapping; the collection's version (NOT_YET where there is none). Raises as above."""
    frame, version = _read(workspace)
    kept = frame[frame["mapping_id"] != signature]
    if len(kept) == len(frame):
        return version
    return workspace.write(
        COLLECTION, _frame(kept.to_dict("records")), author=author, source="office",
        message=message or "忘记一张表的对应 / a table's mapping was forgotten",
        expected_version=version,
    )  # fmt: skip


def _read(workspace: Workspace) -> tuple[pd.DataFrame, int]:
    try:
        version = workspace.version(COLLECTION)
    except UnknownCollectionError:
        return _frame([]), NOT_YET
    return workspace.read(COLLECTION, version=version), version


def _frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype("str")
