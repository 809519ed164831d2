"""A small script in the page itself: what Streamlit can't say in Chinese, or leaves unsaid.

It gets texts of ours only. Everything works without it; screen readers are told more with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import streamlit as st

from layers.texts import text

SCRIPT: Final = Path(__file__).with_name("page.js")
_CODES: Final = {"zh": "zh-CN", "en": "en"}
# What Streamlit's file box says in English only, as of 1.67 -> the key of our text.
_NAMES: Final = {
    "file upload": "uploader_name", "Upload": "uploader_browse", "Add files": "uploader_more",
    "Remove": "uploader_remove",
}  # fmt: skip


def render(lang: str, *, step: str = "", upload_mb: int = 0) -> None:
    """Put the script into the page, under nothing that is seen.

    Args:
        lang: the page's language.
        step: the step of an import that is in hand; when it changes the focus goes to its heading.
        upload_mb: how large a file may be that is dropped, for the words of the box; 0 for no box.
    """
    words = {
        "lang": _CODES[lang],
        "step": step,
        "names": {name: text(f"intake.{key}", lang) for name, key in _NAMES.items()},
        "limit": text("intake.uploader_limit", lang, megabytes=upload_mb) if upload_mb else "",
    }
    script = SCRIPT.read_text(encoding="utf-8")
    given = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    html = f"<script>((words) => {{\n{script}}})({given});</script>"
    with st.container(key="page_script"):
        st.html(html, unsafe_allow_javascript=True)
