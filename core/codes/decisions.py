"""Decisions people make about a referral: at triage, at the panel, on withdrawal, on a match."""

from core.codes.base import Code, GroupedCode, Status
from core.codes.people import StatutoryStatus


class TriageOutcome(Code):
    READY_FOR_PANEL = "ready_for_panel", "Ready for panel"
    ASK_FOR_INFORMATION = "awaiting_info", "Ask for information"
    STEP_UP = "step_up", "Step up to the front door"
    SIGNPOST = "signposted", "Signpost"
    NOT_ELIGIBLE = "not_eligible", "Not eligible"
    ALREADY_OPEN = "duplicate", "Already open"


class NotEligibleReason(Code):
    AGE = "age", "Not aged 10 to 17 on the day of the referral"
    AREA = "area", "Does not live or go to school in this area"
    BEFORE = "before", "Has already had this support once"
    STATUTORY_ORDER = "statutory_order", "Already supervised under a court order"
    LOOKED_AFTER = "looked_after", "Looked after by the council, who lead the plan"
    PROTECTION_PLAN = "protection_plan", "On a child protection plan, which leads"
    EARLY_HELP = "early_help", "Whole-family Early Help is already in place"
    NO_TRIGGER = "no_trigger", "Nothing that this panel can act on in the last 3 months"
    OTHER = "other", "Another reason"


# What triage shows beside an area's exclusions; a person still decides.
EXCLUDING_STATUSES: dict[NotEligibleReason, frozenset[StatutoryStatus]] = {
    NotEligibleReason.STATUTORY_ORDER: frozenset({StatutoryStatus.YJS_ORDER, StatutoryStatus.MAPPA}),
    NotEligibleReason.LOOKED_AFTER: frozenset({StatutoryStatus.LOOKED_AFTER_S20, StatutoryStatus.LOOKED_AFTER_S31}),
    NotEligibleReason.PROTECTION_PLAN: frozenset({StatutoryStatus.PROTECTION_PLAN}),
    NotEligibleReason.EARLY_HELP: frozenset({StatutoryStatus.EARLY_HELP}),
}


class SignpostTo(Code):
    EARLY_HELP = "early_help", "Early Help or Family Help"
    SCHOOL = "school", "School pastoral or special needs team"
    HUB = "hub", "Young Futures Hub"
    YOUTH_CLUB = "youth_club", "Youth club or positive activities"
    HEALTH = "health", "GP, school nurse or mental health service"
    SUBSTANCE = "substance", "Substance misuse service"
    VICTIM_SUPPORT = "victim_support", "Support for victims"
    OTHER_AREA = "other_area", "Another area's panel"
    OTHER = "other", "Somewhere else"


_ACCEPT, _PAUSE, _PATHWAY, _NO_CASE, _PLACE = "Accept", "Defer", "Another pathway", "No case opened", "Place or peers"


class PanelDecision(GroupedCode):
    """In the order and with the numbers of meeting mode; `.number` is what the chair types."""

    ACCEPT_SUPPORT = "accept_support", "Accept, choose support", _ACCEPT
    ACCEPT_ASSESS = "accept_assess", "Accept, assess first", _ACCEPT
    DEFER = "defer", "Defer for information", _PAUSE
    STEP_UP = "step_up", "Step up to front door", _PATHWAY
    EXPLOITATION_PATHWAY = "exploitation_pathway", "Exploitation pathway", _PATHWAY
    EARLY_HELP = "early_help", "Early Help", _PATHWAY
    YOUTH_JUSTICE_PREVENTION = "youth_justice_prevention", "Youth justice prevention", _PATHWAY
    HUB = "hub", "Hub or universal offer", _PATHWAY
    ALREADY_SUPPORTED = "already_supported", "Already supported", _NO_CASE
    NOT_ELIGIBLE = "not_eligible", "Not eligible", _NO_CASE
    FAMILY_CHOSE_NOT_TO = "family_chose_not_to", "Family chose not to", _NO_CASE
    NO_ACTION = "no_action", "No action", _NO_CASE
    PLACE_OR_PEER = "place_or_peer", "Place or peer response", _PLACE

    @property
    def number(self) -> int:
        return list(PanelDecision).index(self) + 1

    @property
    def opens_case(self) -> bool:
        return self in {PanelDecision.ACCEPT_SUPPORT, PanelDecision.ACCEPT_ASSESS}


class PanelItemStatus(Status):
    ON_AGENDA = "on_agenda", "On the agenda", "blue"
    DECIDED = "decided", "Decided", "green"
    DEFERRED = "deferred", "Deferred", "yellow"


class MeetingStatus(Status):
    PLANNED = "planned", "Planned", "blue"
    UNDER_WAY = "under_way", "Under way", "teal"
    ENDED = "ended", "Ended", "green"
    CANCELLED = "cancelled", "Cancelled", "grey"


class MeetingAttendance(Code):
    PRESENT = "present", "Present"
    APOLOGIES = "apologies", "Sent apologies"
    SUBSTITUTE = "substitute", "Sent a substitute"
    ABSENT = "absent", "Not here"


class ConflictKind(Code):
    RELATED = "related", "Related to the young person or family"
    KNOWS_SOCIALLY = "knows_socially", "Knows them outside work"
    INVOLVED = "involved", "Made a decision about them before"
    INTEREST = "interest", "Their agency would be paid for the support"
    OTHER = "other", "Another conflict"


class WithdrawalReason(Code):
    """Why a referrer takes a referral back."""

    BY_MISTAKE = "by_mistake", "It was sent by mistake"
    DUPLICATE = "duplicate", "It was sent twice"
    CIRCUMSTANCES = "circumstances", "Things have changed and it is not needed"
    OTHER_HELP = "other_help", "They are getting help another way"
    FAMILY_ASKED = "family_asked", "The young person or family asked us to"
    MOVED = "moved", "They have moved away"
    OTHER = "other", "Another reason"


class MatchAnswer(Status):
    TO_REVIEW = "to_review", "To review", "blue"
    SAME = "same", "Same person", "green"
    DIFFERENT = "different", "Different people", "grey"
    NOT_SURE = "not_sure", "Not sure", "yellow"


class CandidateStatus(Status):
    TO_REVIEW = "to_review", "To review", "blue"
    NOMINATED = "nominated", "Nominated", "purple"
    NOT_NOMINATED = "not_nominated", "Not nominated", "grey"


class NotNominatedReason(Code):
    ALREADY_SUPPORTED = "already_supported", "Already getting the right help"
    NOT_SAME_PERSON = "not_same_person", "The records are about different people"
    OUT_OF_AGE = "out_of_age", "Not aged 10 to 17"
    MOVED = "moved", "Lives in another area now"
    VICTIM_OR_WITNESS = "victim_or_witness", "Was a victim or witness, and is offered help as one"
    NOT_NEEDED = "not_needed", "Nothing suggests that support is needed"
    OTHER = "other", "Another reason"


class StepUpStatus(Status):
    """A panel decides that the front door must be told; until somebody records the call, nobody has been."""

    TO_CALL = "to_call", "Not called yet", "red"
    RAISED = "raised", "Raised", "orange"
    ACKNOWLEDGED = "acknowledged", "Acknowledged", "yellow"
    ANSWERED = "answered", "Answered", "green"
    NO_ANSWER = "no_answer", "No answer", "red"


class StepUpOutcome(Code):
    SOCIAL_CARE = "social_care", "Children's social care will assess"
    SECTION_47 = "section_47", "Section 47 enquiry"
    EARLY_HELP = "early_help", "Early Help"
    NRM = "nrm", "National Referral Mechanism referral"
    RETURNED = "returned", "Returned to the panel"
    ADVICE = "advice", "Advice only"


class RunStatus(Status):
    DRAFT = "draft", "Draft", "grey"
    RUNNING = "running", "Running", "blue"
    READY = "review", "Ready to review", "yellow"
    RELEASED = "released", "Released", "green"
    ARCHIVED = "archived", "Archived", "grey"
