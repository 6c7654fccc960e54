"""docs/keys.md knows every place that makes a secret or a key."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKES = re.compile(r"secrets\.token_|os\.urandom|PrivateKey\.generate|randbits")
# Nonces and counters that open nothing by themselves; the page's table of algorithms speaks of them.
NO_SECRET = {"core/crypto.py"}


def test_every_place_that_makes_a_secret_is_on_the_page():
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    packages = [
        path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in {"tests", "bench", "demo"}
    ]
    places = {
        str(path.relative_to(ROOT))
        for package in packages for path in package.rglob("*.py")
        if MAKES.search(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert len(places) > 12
    assert sorted(place for place in places - NO_SECRET if f"`{place}`" not in page) == []
