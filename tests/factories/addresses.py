"""Every address of the product over one installation: each page about a record of each kind, in each state."""

import itertools

from sqlalchemy import select

from cohort.models import Candidate, CohortRun, SourceExtract
from core.db import db
from files.models import StoredFile
from imports.models import ReferralImport
from invited.models import Arrival
from panels.models import AgendaItem, Case, CaseNote, Goal, Meeting, Offer, PanelAction, SupportSession
from referrals.models import PossibleMatch, Referral, StepUp
from rights.models import RetentionReview, Transfer
from sharing.models import Disclosure
from tests.security.test_matrix import WORDS

MODELS = {
    "case_id": Case, "meeting_id": Meeting, "referral_id": Referral, "session_id": SupportSession, "offer_id": Offer,
    "goal_id": Goal, "note_id": CaseNote, "step_up_id": StepUp, "disclosure_id": Disclosure, "candidate_id": Candidate,
    "match_id": PossibleMatch, "action_id": PanelAction, "item_id": AgendaItem, "run_id": CohortRun,
    "extract_id": SourceExtract, "file_id": StoredFile, "import_id": ReferralImport, "arrival_id": Arrival,
    "transfer_id": Transfer, "review_id": RetentionReview,
}  # fmt: skip
# What makes one record's page another kind of page than another's.
KIND = ("stage", "status", "decision", "outcome", "is_open", "kind", "attendance", "engagement", "done_at", "concern")
# Lists that have a second face.
FACES = {"invited.arrival_list": "?show=turned-away",
         "panels.action_list": "?show=done", "cohort.candidate_list": "?show=decided", "referrals.listing": "?show=decided",
         "referrals.step_up_list": "?show=answered", "panels.offers_page": "?show=taken"}  # fmt: skip


def kinds_of_records(area_id):
    """By the names that routes use: one record of each kind, so that every kind of page is opened."""
    found = {name: list(_one_of_each_kind(model, area_id)) for name, model in MODELS.items()}
    db.session.remove()
    return found


def _one_of_each_kind(model, area_id):
    kinds = {}
    for row in db.session.scalars(select(model).where(model.area_id == area_id).order_by(model.created_at, model.id)):
        columns = {name: getattr(row, name) for name in row.__mapper__.columns.keys()}  # noqa: SIM118 (not a dict)
        # Every item: its meeting's state, its number and who may see it make the page.
        kind = columns["id"] if model is AgendaItem else tuple(columns.get(name) for name in KIND)
        kinds.setdefault(kind, columns)
    return kinds.values()


def addresses(rule, ids, records):
    """The page's addresses: one for each kind of record that it is about, and for each word that it may end in."""
    adapter, words = rule.map.bind("localhost"), [{}]
    for name, converter in rule._converters.items():
        words = [{name: item} for item in sorted(converter.items)] if getattr(converter, "items", None) else words
    for values, word in itertools.product(about(rule, ids, records), words):
        yield adapter.build(rule.endpoint, values | word)
    if rule.endpoint in FACES:
        yield rule.rule + FACES[rule.endpoint]
    if rule.endpoint == "oversight.district":
        yield "/oversight/csp/reading-district"


def about(rule, ids, records):
    """The ids of one record of everything, then those of each kind of the page's own record."""
    names, fixed = rule.arguments, WORDS | {"chain": ids["area_id"]}
    yield {name: ids.get(name, fixed.get(name, "a" * 26)) for name in names}
    own = "item_id" if "number" in names else max(names & MODELS.keys(), key=rule.rule.index, default=None)
    for row in records.get(own, ()):
        known = ids | fixed | row | {"number": row.get("position"), own: row["id"]}
        yield {name: known[name] for name in names}
