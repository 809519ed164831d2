"""Commands of the terminal that are too long for `cli.py`; `cli.py` is the only entry."""
