"""Serves the rounds of one peer: says when it is ready, then runs one round for each line read.

What a package prints goes to stderr, so that stdout holds answers alone.
"""

import json
import os
import sys


def serve(version, rounds):
    """rounds: a function from the words of an ask to a value that JSON can hold."""
    print(f"ready {version}", file=ANSWERS, flush=True)
    for line in sys.stdin:
        print(json.dumps(rounds(line.split())), file=ANSWERS, flush=True)


ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
