"""`python -m limner`: the command line."""

from limner.app.cli import main

main()
