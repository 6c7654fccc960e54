"""What few pages need is loaded by the first that needs it: every process of the service would hold it otherwise."""

import json
import os
import subprocess
import sys

SELDOM = ("openpyxl", "PIL", "requests", "authlib", "joserfc", "holidays")


def test_the_service_starts_without_what_few_pages_need():
    program = "import json, sys, wsgi; wsgi.make_app(); print(json.dumps(sorted(sys.modules)))"
    environment = {"PATH": os.environ["PATH"], "FLASK_RUN_FROM_CLI": "true"}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    loaded = json.loads(ended.stdout.splitlines()[-1])
    assert "panels.views" in loaded
    assert [name for name in SELDOM if name in loaded] == []
