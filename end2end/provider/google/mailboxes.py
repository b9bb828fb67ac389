"""Runs `myworld`, the mailboxes and contacts behind the stand-in for Google, until standard input ends: the process that
started it may be killed without a message.

    python mailboxes.py PORT
"""

import os
import sys
import threading

from myworld.cli import main


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
main(["serve", "--host", "127.0.0.1", "--port", sys.argv[1], "--max-instances", "20000", "--log-level", "warning"])
