"""The process between a server and a detector's command: it ends the one when the other is gone.

It is run as a module and never imported. Its standard input is a pipe that the server holds: when
that closes, however the server ended, the command and all that it has started are ended.
"""

import os
import subprocess
import sys
import threading

from sparing.system import end_apart, start_apart

PATIENCE = 5.0  # seconds that a command may take to end by itself
NOT_STARTED = 127  # as shells say it


def main(command: list[str]) -> int:
    """Run a command to its end; return its exit status, as shells give it."""
    try:
        child = start_apart(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return NOT_STARTED
    threading.Thread(target=_end_with_server, args=(child,), daemon=True).start()
    status = child.wait()
    end_apart(child, 0)  # what it has left behind
    return status if status >= 0 else 128 - status


def _end_with_server(child: "subprocess.Popen[bytes]") -> None:
    while os.read(sys.stdin.fileno(), 1):  # nothing is ever written to it
        pass
    end_apart(child, PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
