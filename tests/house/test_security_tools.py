"""Parts of `make security` that need no attack: advisories from a file, and what is given to sqlmap."""

import json
import zipfile

from tests.support.client import Page
from tools import advisories, targets

LOCKED = "flask==3.1.3 \\\n    --hash=sha256:00\nPillow==12.0.0\n"


def advisory(name, *versions, **more):
    return json.dumps(
        {"id": f"T-{name}-{len(more)}", "affected": [{"package": {"name": name}, "versions": versions}], **more}
    )


def test_a_locked_library_with_a_known_flaw_is_found_in_an_archive_of_advisories(tmp_path):
    archive, locked = tmp_path / "all.zip", tmp_path / "requirements.lock"
    locked.write_text(LOCKED)
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("a.json", advisory("Flask", "3.1.2", "3.1.3"))
        written.writestr("b.json", advisory("pillow", "11.0.0"))
        written.writestr("c.json", advisory("pillow", "12.0.0", withdrawn="2026-01-01"))
        written.writestr("d.json", advisory("other", "3.1.3"))
        specs = {"flask": [{"id": "S-1", "specs": ["<3.1.3"]}], "pillow": [{"id": "S-2", "specs": ["<2", ">=12,<13"]}]}
        written.writestr("safety_db/insecure_full.json", json.dumps(specs | {"$meta": {"from": "elsewhere"}}))
    assert advisories.offline(archive, locked) == ["flask 3.1.3: T-Flask-0", "pillow 12.0.0: S-2"]


def test_a_form_is_given_once_with_each_of_its_fields_filled():
    page = Page('<form method=post action="/cases/abcdefghijklmnopqrstuvwxyz/x"><input name=csrf_token value=t>'
                '<input name=words><input type=radio name=way value=a></form>')  # fmt: skip
    [found] = targets._forms("/y", page)
    assert found.body == "way=a&csrf_token=t&words=1"
    assert found.shape == ("POST", "/cases/*/x?", "csrf_token,way,words")
    assert found.has_fields
    assert "Cookie: session=1" in found.written("http://localhost:1", "session=1")
