"""One walk against a server on PostgreSQL: sign in, caseload, case, a note, and a trail that verifies."""

import shutil

import pytest

from tests.factories import cases
from tests.journeys import story
from tests.journeys.conftest import serve
from tests.journeys.everything import acting_for

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory, postgres):
    folder = tmp_path_factory.mktemp("postgres-site")
    name, url = postgres.fresh("template1")
    server, known = serve(folder, {"DATABASE_URL": url}, lambda known: cases.open_case(acting_for(known), known))
    yield server, known
    server.stop()
    postgres.drop(name)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_walk_on_postgresql(walker):
    coordinator = walker("coordinator@reading")
    case = coordinator.open("/cases").sees("Sefton, Kay").press("Sefton, Kay").sees("Next:").address
    story.add_note(coordinator, case)
    safeguarding = walker("safeguarding_lead@reading")
    safeguarding.open("/audit/verify").press("Check now").sees("Verified")
