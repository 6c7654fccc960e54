"""A referral's life and what its form asks: status, source, urgency, what the family knows, why it may be shared."""

from core.codes.base import Code, Status, Tag
from core.languages import gettext


class ReferralStatus(Status):
    """Staff see `.tag`; the referrer sees `.referrer_tag`."""

    DRAFT = "draft", "Draft", "grey"
    NEW = "new", "New", "blue"
    IN_TRIAGE = "in_triage", "In triage", "blue"
    INFORMATION_NEEDED = "information_needed", "Information needed", "yellow"
    READY_FOR_PANEL = "ready_for_panel", "Ready for panel", "purple"
    STEPPED_UP = "stepped_up", "With safeguarding", "orange"
    SIGNPOSTED = "signposted", "Signposted", "grey"
    NOT_ELIGIBLE = "not_eligible", "Not eligible", "grey"
    ALREADY_OPEN = "already_open", "Already open", "grey"
    WITHDRAWN = "withdrawn", "Withdrawn", "grey"
    NOT_TAKEN_FORWARD = "not_taken_forward", "Not taken forward", "grey"
    ACCEPTED = "accepted", "Case open", "green"
    CLOSED = "closed", "Closed", "grey"

    @property
    def referrer_tag(self) -> Tag:
        text, colour = _REFERRER_TAGS[self]
        return Tag(gettext(text), colour)

    @property
    def is_open(self) -> bool:
        return self in OPEN_REFERRALS


OPEN_REFERRALS = frozenset(
    {
        ReferralStatus.NEW,
        ReferralStatus.IN_TRIAGE,
        ReferralStatus.INFORMATION_NEEDED,
        ReferralStatus.READY_FOR_PANEL,
        ReferralStatus.STEPPED_UP,
    }
)

_RECEIVED = Tag("Received", "blue")
_NOT_TAKEN_FORWARD = Tag("Not taken forward", "grey")
_CLOSED = Tag("Closed", "grey")
# A referrer learns that safeguarding has it from the message, not from a tag others may see over a shoulder.
_REFERRER_TAGS = {
    ReferralStatus.DRAFT: Tag("Draft", "grey"),
    ReferralStatus.NEW: _RECEIVED,
    ReferralStatus.IN_TRIAGE: _RECEIVED,
    ReferralStatus.INFORMATION_NEEDED: Tag("Information needed", "yellow"),
    ReferralStatus.READY_FOR_PANEL: Tag("Going to panel", "purple"),
    ReferralStatus.STEPPED_UP: _RECEIVED,
    ReferralStatus.SIGNPOSTED: _NOT_TAKEN_FORWARD,
    ReferralStatus.NOT_ELIGIBLE: _NOT_TAKEN_FORWARD,
    ReferralStatus.ALREADY_OPEN: _NOT_TAKEN_FORWARD,
    ReferralStatus.NOT_TAKEN_FORWARD: _NOT_TAKEN_FORWARD,
    ReferralStatus.WITHDRAWN: _CLOSED,
    ReferralStatus.ACCEPTED: Tag("Being helped", "green"),
    ReferralStatus.CLOSED: _CLOSED,
}


class SourceType(Code):
    PROFESSIONAL = "professional", "A worker in a partner agency"
    COHORT = "cohort", "Found by comparing partners' records"
    OTHER_AREA = "other_area", "Another panel or area"
    PARENT_CARER = "parent_carer", "Parent or carer"
    YOUNG_PERSON = "young_person", "The young person"
    OTHER_PERSON = "other_person", "Someone else who knows the young person"


class DangerAnswer(Code):
    NOW = "now", "Yes, someone is in danger now"
    HARM = "harm", "I think they are being harmed or exploited"
    NO = "no", "No"


class Urgency(Code):
    USUAL = "usual", "The usual time is fine"
    SOON = "soon", "Sooner than usual"


class ReferralReason(Code):
    """Asked on "Check this is the right place"; the story comes later, in words."""

    OFFENCE = "offence", "Suspected of an offence more than once"
    VIOLENCE = "violence", "Worries about violence"
    EXPLOITATION = "exploitation", "Worries about exploitation"
    EDUCATION = "education", "Suspended, excluded or missing a lot of school"
    BEHAVIOUR = "behaviour", "Antisocial behaviour"
    MISSING = "missing", "Going missing"
    OTHER = "other", "Something else"


class NotInformedReason(Code):
    """Why the family does not know about the referral."""

    RISK_TO_CHILD = "risk_to_child", "Telling them could put the young person at risk"
    RISK_TO_OTHERS = "risk_to_others", "Telling them could put someone else at risk"
    CRIME = "crime", "It could get in the way of preventing or finding out about a crime"
    NOT_REACHED = "not_reached", "We tried and could not reach them"
    YOUNG_PERSON_ASKED = "young_person_asked", "The young person asked us not to, and understands what that means"
    OTHER = "other", "Another reason"


class LawfulBasisChoice(Code):
    """Plain choices; each maps to the law in LAWFUL_GROUNDS. Consent to take part comes later, and is none of them."""

    PREVENT_OFFENDING = "prevent_offending", "To help stop a child being drawn into offending"
    SAFEGUARD = "safeguard", "To keep a child safe and well"
    PREVENT_VIOLENCE = "prevent_violence", "To prevent serious violence, with partners who share this duty"
    EMERGENCY = "emergency", "Someone could be seriously harmed if we wait"
    NOT_SURE = "not_sure", "I am not sure. Ask the coordinator to check"


# choice: (gateway in config/gateways.toml or None, UK GDPR basis)
LAWFUL_GROUNDS: dict[LawfulBasisChoice, tuple[str | None, str]] = {
    LawfulBasisChoice.PREVENT_OFFENDING: ("crime-and-disorder-1998-s115", "Article 6(1)(e), public task"),
    LawfulBasisChoice.SAFEGUARD: ("children-act-2004-s10", "Article 6(1)(e), public task"),
    LawfulBasisChoice.PREVENT_VIOLENCE: ("pcsc-2022-s16", "Article 6(1)(e), public task"),
    LawfulBasisChoice.EMERGENCY: (None, "Recognised legitimate interest: safeguarding"),
    LawfulBasisChoice.NOT_SURE: (None, "To be decided at triage"),
}


class FeedbackStage(Code):
    """What a referrer's feedback is about: each is asked for once."""

    DECISION = "decision", "The decision"
    CLOSURE = "closure", "How the support ended"


class UsefulAnswer(Code):
    YES = "yes", "Yes"
    PARTLY = "partly", "In part"
    NO = "no", "No"


class HelpTriedOutcome(Code):
    HELPED = "helped", "It helped"
    HELPED_A_LITTLE = "helped_a_little", "It helped a little"
    DID_NOT_HELP = "did_not_help", "It did not help"
    NOT_STARTED = "not_started", "It did not start"
    STILL_GOING = "still_going", "It is still going on"
