"""`python -m cyclesim` is the command line."""

from cyclesim.cli import main

main()
