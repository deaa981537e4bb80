"""The command line: parse, call, print. Results go to stdout, everything else to stderr.

Exit codes: 0 done, 1 an expected error in one line, 2 wrong usage, 130 interrupted.
"""

import sys

INTERRUPTED = 130


def main(argv: list[str] | None = None) -> None:
    """Run the command line ``argv`` and exit."""
    try:
        from sparing.cli.app import run  # here, since Ctrl-C may come while the commands load
    except KeyboardInterrupt:
        sys.stderr.write("sparing: Interrupted.\n")
        sys.exit(INTERRUPTED)
    sys.exit(run(argv))


__all__ = ["main"]
