"""The process that exports: an order comes in on standard input, and a refusal goes out.

It is run as a module and never imported. ``export_process`` starts it.
"""

import json
import os
import sys

from sparing.errors import SparingError
from sparing.project import Project
from sparing.project.export_process import REFUSED
from sparing.project.learning.process import DATABASE
from sparing.system import stand_back


def main(folder: str) -> int:
    """Write what is ordered; the exit status says whether it was."""
    stand_back()
    try:
        with Project.open(os.environ.get(DATABASE) or folder, writable=False) as project:
            project.files.export(**json.loads(sys.stdin.read()))
    except SparingError as error:
        print(json.dumps({"kind": type(error).__name__, "message": str(error)}))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
