"""One database at one size, in a process of its own: loaded, and served beside its floor until its input ends.

Engines and settings of one database must not serve another. The last line that it prints is its ``bench.web.Served``.
"""

import json
import sys
from dataclasses import asdict

from bench.web import serve

if __name__ == "__main__":
    database, cases = sys.argv[1:]
    with serve(database, int(cases)) as served:
        print(json.dumps(asdict(served)), flush=True)
        sys.stdin.read()
