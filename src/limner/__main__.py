"""`python -m limner`: the command line."""

from limner.cli.main import main

main()
