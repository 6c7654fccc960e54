"""A referral's answers as triage reads them: whom it is about, and the story with strengths before worries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.codes.base import label_of, ordered
from core.codes.concerns import Concern, ConcernStrength, ProtectiveFactor
from core.codes.events import PartInEvent, TriggerEventType
from core.codes.people import (
    AttendanceBand,
    CarerRelation,
    EducationStatus,
    Ethnicity,
    SendStatus,
    Sex,
    StatutoryStatus,
    YesNoNotKnown,
)
from core.codes.referrals import HelpTriedOutcome, LawfulBasisChoice, NotInformedReason, ReferralReason
from core.formats import short_day
from core.languages import gettext as _
from referrals.answers import safe_contact_line
from referrals.models import Referral


@dataclass(frozen=True, slots=True)
class Part:
    """One card of the story: long words, or rows of question and answer. ``tone``: strength, words or nothing."""

    title: str
    text: str = ""
    tone: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)


def section(answers: dict[str, Any], name: str) -> dict[str, Any]:
    """One section of the answers; empty where the referrer left it out."""
    found = answers.get(name)
    return found if isinstance(found, dict) else {}


def entries(answers: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return list(section(answers, name).get("list") or [])


def person_data(referral: Referral) -> dict[str, Any]:
    """The referral's young person, by the names of ``YoungPerson``'s fields; what is empty is left out."""
    answers = referral.answers or {}
    person, contact, needs = (section(answers, name) for name in ("person", "contact", "needs"))
    education = section(answers, "education")
    data = {
        "forename": referral.forename, "surname": referral.surname, "date_of_birth": referral.date_of_birth,
        "preferred_name": person.get("preferred_name"), "aliases": _names(person.get("other_names")),
        "sex": needs.get("sex"), "ethnicity": needs.get("ethnicity"), "postcode": contact.get("postcode"),
        "school": education.get("school"), "safe_contact": safe_contact_line(answers)[:500],
        "upn": person.get("upn"), "nhs_number": person.get("nhs_number"),
        "details": {
            "pronouns": person.get("pronouns"), "contact": contact, "needs": needs, "education": education,
            "people": entries(answers, "people"),
        },
    }  # fmt: skip
    return {name: value for name, value in data.items() if value}


def _names(typed: str | None) -> list[str]:
    return [name.strip() for name in (typed or "").replace(";", ",").split(",") if name.strip()]


def read(answers: dict[str, Any]) -> list[Part]:
    """The whole story for one page: what goes well, their words, worries, events, help, family, practical things."""
    strengths, voice, worries = (section(answers, name) for name in ("strengths", "voice", "worries"))
    shown = [
        Part(_("What is going well"), strengths.get("text", ""), "strength", _protective(strengths)),
        Part(_("What they say, in their own words"), voice.get("child", ""), "words"),
        Part(_("What the family says"), voice.get("family", ""), "words"),
        Part(_("What is worrying the referrer"), worries.get("text", ""), "", _concerns(worries)),
        Part(_("What has happened"), rows=[_event(item) for item in entries(answers, "events")]),
        Part(_("Help and involvement"), rows=_help(answers)),
        Part(_("Family and other workers"), rows=[_person(item) for item in entries(answers, "people")]),
        Part(_("About them"), rows=_about(answers)),
        Part(_("Why it was shared, and by whom"), rows=_sharing(answers)),
    ]
    return [part for part in shown if part.text or part.rows]


def _row(key: str, value: str | None) -> dict[str, Any]:
    return {"key": key, "value": value or None}


def _kept(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Optional answers that were left out need no line."""
    return [row for row in rows if row["value"]]


def _protective(strengths: dict[str, Any]) -> list[dict[str, Any]]:
    factors = ordered(ProtectiveFactor, strengths.get("factors") or [])
    return _kept([_row(_("What helps"), "\n".join(factor.label for factor in factors))])


def _concerns(worries: dict[str, Any]) -> list[dict[str, Any]]:
    answered: dict[str, str] = worries.get("concerns") or {}
    rows = [
        _row(strength.label, "\n".join(c.label for c in Concern if answered.get(c.value) == strength.value))
        for strength in (ConcernStrength.YES, ConcernStrength.SUSPECTED)
    ]
    hopes, safety = worries.get("hopes"), worries.get("worker_safety")
    return _kept([*rows, _row(_("What they hope will change"), hopes), _row(_("Safety of workers"), safety)])


def _event(item: dict[str, Any]) -> dict[str, Any]:
    what = label_of(TriggerEventType, item.get("type"), missing=_("From a partner’s list"))
    told = [what, _("Their part: %(part)s", part=label_of(PartInEvent, item.get("part")))]
    return _row(_day(item.get("on")), "\n".join([*told, *filter(None, [item.get("text")])]))


def _day(text: str | None) -> str:
    try:
        return short_day(date.fromisoformat(text or ""))
    except ValueError:
        return _("Date not known")


def statutory_statuses(answers: dict[str, Any]) -> list[StatutoryStatus]:
    return ordered(StatutoryStatus, section(answers, "tried").get("statutory") or [])


def family_told(answers: dict[str, Any]) -> str:
    """Whether the family knows of the referral, and if not, why."""
    family = section(answers, "family")
    if family.get("informed") != YesNoNotKnown.NO:
        return label_of(YesNoNotKnown, family.get("informed"))
    reason = label_of(NotInformedReason, family.get("why_not"))
    return ". ".join(part.rstrip(".") for part in (_("No"), reason, family.get("why_not_text") or "") if part)


def _help(answers: dict[str, Any]) -> list[dict[str, Any]]:
    tried = section(answers, "tried")
    statuses = "\n".join(status.label for status in statutory_statuses(answers))
    outcome = label_of(HelpTriedOutcome, tried.get("outcome")) if tried.get("outcome") else None
    return _kept(
        [
            _row(_("Involved now"), statuses),
            _row(_("Already tried"), tried.get("text")),
            _row(_("How it went"), outcome),
        ]
    )


def _person(item: dict[str, Any]) -> dict[str, Any]:
    relation = _("Worker") if item.get("relation") == "worker" else label_of(CarerRelation, item.get("relation"))
    responsible = item.get("parental_responsibility") == YesNoNotKnown.YES
    lines = [relation, _("Has parental responsibility") if responsible else "", item.get("contact") or ""]
    lines += [_("Safe to contact: %(how)s", how=item["safe_to_contact"]) if item.get("safe_to_contact") else ""]
    return _row(item.get("name") or _("Not named"), "\n".join(line for line in lines if line))


def _about(answers: dict[str, Any]) -> list[dict[str, Any]]:
    contact, needs, education = (section(answers, name) for name in ("contact", "needs", "education"))
    home = _("No fixed address") if contact.get("no_fixed_address") else contact.get("postcode")
    school = " · ".join(
        part for part in (
            education.get("school"), label_of(EducationStatus, education.get("status"), missing=""),
            _labelled(_("Attendance"), AttendanceBand, education.get("attendance")),
        ) if part
    )  # fmt: skip
    return [
        _row(_("Safe ways to contact them"), safe_contact_line(answers)),
        _row(_("Where they live"), home),
        _row(_("School or work"), school),
        _row(_("Sex"), label_of(Sex, needs.get("sex"), missing="")),
        _row(_("Ethnicity"), ", ".join(one.in_full for one in ordered(Ethnicity, [needs.get("ethnicity", "")]))),
        _row(_("First language"), needs.get("first_language")),
        _row(_("Interpreter needed"), label_of(YesNoNotKnown, needs.get("interpreter"), missing="")),
        _row(_("Special educational needs"), label_of(SendStatus, needs.get("send"), missing="")),
        *_kept(
            [_row(_("Communication"), needs.get("communication")), _row(_("To take part"), needs.get("accessibility"))]
        ),
    ]


def _labelled(words: str, codes: Any, value: str | None) -> str:
    return f"{words}: {label_of(codes, value)}" if value else ""


def _sharing(answers: dict[str, Any]) -> list[dict[str, Any]]:
    sharing, you, start = (section(answers, name) for name in ("sharing", "you", "start"))
    sender = "\n".join(str(you[name]) for name in ("name", "job", "agency", "phone", "email") if you.get(name))
    return _kept(
        [
            _row(_("Reason for the referral"), label_of(ReferralReason, start.get("reason"), missing="")),
            _row(_("Why they can share it"), label_of(LawfulBasisChoice, sharing.get("basis"), missing="")),
            _row(_("More about that"), sharing.get("note")),
            _row(_("Sent by"), sender),
            _row(_("When they are away"), you.get("unavailable")),
        ]
    )
