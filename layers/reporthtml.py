"""The report as one page of HTML that prints: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

Value = dict[str, Any]

_STYLE = """
body{font:14px/1.6 "Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:60rem;
margin:1rem auto;padding:0 1rem;color:#111;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.85rem}
th,td{border-bottom:1px solid #ccc;padding:.25rem .4rem;text-align:left;vertical-align:top}
svg{max-width:100%;height:auto}.mark{border:2px dotted #c77700;padding:.3rem .6rem;font-weight:700}
small{color:#444;display:block}section{break-before:page}.key{display:inline-block;width:.8em;
height:.8em;border:1px solid #555;margin-right:.3em}
"""


def html(data: Value) -> str:
    """The report of `layers.reportdata.report_data` as a whole document."""
    t = data["labels"]
    mark = f'<p class="mark">{escape(data["synthetic"])}</p>' if data["synthetic"] else ""
    lang = "zh-CN" if data["lang"] == "zh" else "en"
    summary = _table(
        [t[k] for k in ("proposal", "kind", "outline", "gross", "usable", "redevelopable")],
        [
            [p[k] for k in ("name", "kind", "precision", "gross", "usable", "redevelopable")]
            for p in data["proposals"]
        ],
    )
    parts = [mark, f"<h1>{escape(t['title'])}</h1>",
             f"<small>{escape(data['date'])} · {escape(data['method'])}</small>",
             _section(t["summary"], summary), _section(t["constraints"], _constraints(data)),
             _section(t["scores"], _scores(data))]  # fmt: skip
    parts += [_proposal(p, t) for p in data["proposals"]]
    parts += [
        _section(t["measures"], _measures(data)), _section(t["rules"], _rules(data)),
        _section(
            t["versions"],
            _list(f"{v['name']} v{v['version']}" for v in data["versions"]),
        ),
        _section(t["sources"], _list(data["sources"]) + _small(t["method_note"])),
    ]  # fmt: skip
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src '
        "'unsafe-inline'\"><title>"
        f"{escape(t['title'])}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>{body}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]], *, ready: bool = False) -> str:
    """A table; cells are texts, unless they are `ready` HTML."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell if ready else escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _small(words: str) -> str:
    return f"<small>{escape(words)}</small>"


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _constraints(data: Value) -> str:
    heads = [data["labels"]["constraint"], *(p["name"] for p in data["proposals"])]
    rows = [
        [escape(row["name"]), *(
            f"<b>{escape(c['verdict'])}</b><small>{escape(c['detail'])}</small>"
            for c in row["cells"]
        )]
        for row in data["constraints"]
    ]  # fmt: skip
    return _table(heads, rows, ready=True)


def _scores(data: Value) -> str:
    t, scores = data["labels"], data["scores"]
    if scores["refusal"]:
        return f"<p>{escape(scores['refusal'])}</p>"
    rows = [
        [r["name"], r["range"] or r["score"], r["ranks"] or r["rank"],
         "  ".join(f"{s}%" for s in r["shares"])]
        for r in scores["rows"]
    ]  # fmt: skip
    table = _table([t["proposal"], t["score"], t["rank"], t["shares"]], rows)
    weights = _table(
        [t["measure"], t["share"]], [[w["name"], w["share"] + "%"] for w in scores["weights"]]
    )
    said = _small(f"{t['method']}{scores['method']}；{t['basis']}{scores['basis']}")
    return "".join([said, table, scores["chart"], _list(scores["words"]), weights])


def _proposal(p: Value, t: Value) -> str:
    about = " · ".join(filter(None, (p["kind"], p["zone"], p["precision"], p["counties"])))
    body = [f"<section><h2>{escape(p['name'])}</h2><small>{escape(about)}</small>", p["map"]]
    if p["refusal"]:
        body.append(f"<p><b>{escape(p['refusal'])}</b></p>")
    if p["lines"]:
        heads = [t["line"], t["kind"], "m²", "km²", t["ha"], t["mu"], "%", t["touched"], t["layer"]]
        rows = [
            [_key(x["colour"]) + escape(x["name"]), *(
                escape(x[k]) for k in ("kind", "m2", "km2", "ha", "mu", "share", "touched")
            ), escape(f"{x['layer']} {x['status']}")]
            for x in p["lines"]
        ]  # fmt: skip
        body += [f"<h3>{escape(t['ledger'])}</h3>", _table(heads, rows, ready=True), p["waterfall"]]
        body.append(f"<small>{escape(t['ledger_note'])}</small>")
    if p["declared"]:
        heads = [t[k] for k in ("line", "declared_km2", "computed_km2", "quality", "source")]
        rows = [
            [d["name"], d["about"] + d["km2"], d["computed"], d["quality"], d["source"]]
            for d in p["declared"]
        ]
        body += [f"<h3>{escape(t['declared'])}</h3>", _table(heads, rows)]
    if p["problems"]:
        body += [f"<h3>{escape(t['problems'])}</h3>", _list(p["problems"])]
    if p["events"]:
        lines = (f"{e['date']} {e['text']}（{e['source']}）" for e in p["events"])
        body += [f"<h3>{escape(t['events'])}</h3>", _list(lines)]
    return "".join([*body, "</section>"])


def _key(colour: str) -> str:
    return f'<span class="key" style="background:{escape(colour)}"></span>' if colour else ""


def _measures(data: Value) -> str:
    heads = [data["labels"]["measure"], *(p["name"] for p in data["proposals"])]
    rows: list[list[str]] = []
    for group in data["measures"]:
        rows.append([f"<b>{escape(group['name'])}</b>", *([""] * len(data["proposals"]))])
        for row in group["rows"]:
            cells = [
                f"{'<b>★ </b>' if c['best'] else ''}{escape(c['value'])}"
                + _small(" ".join(filter(None, (c["apart"], c["missing"], c["text"]))))
                for c in row["cells"]
            ]
            name = escape(row["name"]) + _small(f"{row['unit']} · {row['formula']}")
            rows.append([name, *cells])
    return _table(heads, rows, ready=True)


def _rules(data: Value) -> str:
    t = data["labels"]
    made = []
    for group in data["rules"]:
        title = t["all"] if data["same_rules"] else group["name"]
        rows = [
            [str(n), r["name"], r["layer"], r["classes"], r["where"],
             r["action"] if r["enabled"] else t["off"]]
            for n, r in enumerate(group["rows"], start=1)
        ]  # fmt: skip
        heads = ["", t["line"], t["layer"], t["classes"], t["where"], t["action"]]
        made.append(f"<h3>{escape(title)}</h3>{_table(heads, rows)}")
    return "".join(made) + f"<small>{escape(t['rules_note'])}</small>"
