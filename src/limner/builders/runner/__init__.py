"""Runs steps over many sources and writes what they make of them; survives being killed at any moment.

`document.py` has the words that recipes use, `steps.py` runs one source, `local.py` many of them side by
side, `ledger.py` remembers, `build.py` ties these together. Knows nothing about films, faces or edits.
"""
