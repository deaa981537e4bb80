"""The command line: parse, call, print. Results go to stdout, everything else to stderr.

Exit codes: 0 done, 1 an expected error in one line, 2 wrong usage, 130 interrupted.
"""

from sparing.cli.app import main

__all__ = ["main"]
