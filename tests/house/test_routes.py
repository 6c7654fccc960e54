"""The written access policy (docs/routes.md) is the application's, cell by cell."""

from pathlib import Path

import pytest

from tools.routes_table import routes_page

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "routes.md"


@pytest.mark.only("sqlite")
@pytest.mark.catalogue("Z1", part="written")
def test_every_address_is_in_the_written_policy_as_it_is(app):
    assert WRITTEN.read_text(encoding="utf-8") == routes_page(app), "run `make docs` and read what changed"
