"""Who sees a case, its pages, and what may be written on it."""

from core.db import db
from panels.models import Case
from tests.factories.cases import open_case


def test_a_case_opens_with_its_next_step(acting, known):
    case_id = open_case(acting, known)
    with acting("coordinator@reading"):
        case = db.session.get_one(Case, case_id)
        assert (case.stage, case.next_step) == ("assessing", "ask")
        assert case.going_well == "Art club and her nan."
