"""The catalogue of interface texts, Chinese and English, in ``layers/texts/*.toml``.

A file holds tables ``[section.key]`` with two strings, ``zh`` and ``en``; the key of such a text
is ``"section.key"`` (sections may nest). Texts are plain text, never HTML. ``{name}`` is filled
by ``str.format``; a literal brace is written twice.

    [downloads.count]
    zh = "共 {count} 条"
    en = "{count} rows"

    text("downloads.count", "zh", count=12)  # 共 12 条
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from layers.errors import TextError

LANGUAGES: tuple[str, str] = ("zh", "en")
FOLDER = Path(__file__).with_suffix("")

Entry = Mapping[str, str]  # language -> text, both languages always there


def text(key: str, /, lang: str, **values: object) -> str:
    """The text of `key` in `lang` ("zh" or "en"), its ``{names}`` filled from `values`.

    Raises TextError for an unknown key, an unknown language, or a name without a value.
    """
    template = _entry(key)[_known(lang)]
    try:
        return template.format(**values)
    except (KeyError, IndexError) as missing:
        raise TextError(f"文本 {key} 缺少参数 / text {key} lacks the value {missing}") from None


def has_text(key: str) -> bool:
    """Whether the catalogue has `key`."""
    return key in catalogue()


def keys(lang: str) -> tuple[str, ...]:
    """All keys, sorted. Every key has every language: the loader refuses one that has not."""
    _known(lang)
    return tuple(catalogue())


def section(prefix: str, lang: str) -> dict[str, str]:
    """All texts below `prefix`, by the rest of their key, unfilled: for a page's own script.

    ``section("map", "en")`` gives ``{"search": "Search", "legend.nodata": "No figure", ...}``.
    Raises TextError when nothing stands below `prefix`.
    """
    _known(lang)
    start = f"{prefix}."
    found = {k.removeprefix(start): v[lang] for k, v in catalogue().items() if k.startswith(start)}
    if not found:
        raise TextError(f"没有文本组 {prefix} / no texts below {prefix}")
    return found


@cache
def catalogue() -> Mapping[str, Entry]:
    """The whole catalogue, read once in a process: key -> language -> text."""
    return load_catalogue(FOLDER)


def load_catalogue(folder: Path) -> Mapping[str, Entry]:
    """Read all ``*.toml`` files of `folder`.

    Raises TextError with every fault at once: unreadable TOML, a text without one of the
    languages, an empty text, a template that does not parse, a key that two files define.
    """
    faults: list[str] = []
    entries: dict[str, Entry] = {}
    origin: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            faults.append(f"{path.name}: {error}")
            continue
        for key, entry in _leaves(document):
            fault = _fault(entry)
            if fault:
                faults.append(f"{path.name} [{key}]: {fault}")
            elif key in entries:
                faults.append(f"{path.name} [{key}]: also in {origin[key]}")
            else:
                entries[key] = MappingProxyType({lang: str(entry[lang]) for lang in LANGUAGES})
                origin[key] = path.name
    if faults:
        raise TextError("界面文本有误 / faulty interface texts:\n" + "\n".join(faults))
    return MappingProxyType(dict(sorted(entries.items())))


def _leaves(
    table: Mapping[str, object], prefix: str = ""
) -> Iterator[tuple[str, dict[str, object]]]:
    """The texts in a parsed file: a table that holds anything but tables is one text."""
    for name, value in table.items():
        key = f"{prefix}{name}"
        if not isinstance(value, dict):
            yield key, {"": value}  # a bare string where a [section.key] table belongs
        elif value and all(isinstance(inner, dict) for inner in value.values()):
            yield from _leaves(value, f"{key}.")
        else:
            yield key, value


def _fault(entry: Mapping[str, object]) -> str | None:
    if set(entry) != set(LANGUAGES):
        return f"needs exactly {' and '.join(LANGUAGES)}, has {', '.join(entry) or 'none'}"
    for lang, template in entry.items():
        if not isinstance(template, str) or not template.strip():
            return f"{lang} is empty or not a string"
        try:
            template.format_map(_Anything())
        except (ValueError, KeyError, IndexError, AttributeError) as error:
            return f"{lang}: {error}"
    return None


class _Anything(dict[str, object]):
    """Stands for every value when a template is tried at load."""

    def __missing__(self, key: str) -> object:
        return _Blank()


class _Blank:
    def __format__(self, spec: str) -> str:
        return ""


def _entry(key: str) -> Entry:
    try:
        return catalogue()[key]
    except KeyError:
        raise TextError(f"没有文本 {key} / no text {key}") from None


def _known(lang: str) -> str:
    if lang not in LANGUAGES:
        raise TextError(f"没有语言 {lang} / no language {lang}")
    return lang
