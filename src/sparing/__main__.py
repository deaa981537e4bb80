"""``python -m sparing`` is the command ``sparing``."""

from sparing.cli import main

if __name__ == "__main__":
    main()
