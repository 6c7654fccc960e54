"""The list of cases: whom it shows, filters, sort, many at once, and what it costs."""

from accounts.roles import Role
from tests.factories.cases import open_case
from tests.support.client import words


def test_the_coordinator_sees_the_area(acting, known, sign_in):
    open_case(acting, known)
    page = words(sign_in(Role.COORDINATOR).get("/cases"))
    assert "Sefton, Kaya" in page
    assert "Showing 1 to 1 of 1, earliest due first" in page
    assert "Ask them to take part" in page
