"""One database at one size, in a process of its own; the last line it prints is its figures as JSON."""

import json
import sys

from bench.web import run_one

if __name__ == "__main__":
    database, cases, seconds, *only = sys.argv[1:]
    print(json.dumps(run_one(database, int(cases), float(seconds), only)))
