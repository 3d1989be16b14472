"""Suites, metrics and reports: every claim measured on what was drawn, and off the tokens."""
