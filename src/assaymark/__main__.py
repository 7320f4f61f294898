"""`python -m assaymark`: the command line."""

from assaymark.cli import main

main()
