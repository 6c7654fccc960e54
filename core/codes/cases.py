"""A case from being asked to take part to closure: stages, engagement, sessions, goals, reasons for closing."""

from core.codes.base import Code, GroupedCode, Status


class CaseStage(Status):
    ASSESSING = "assessing", "Assessing", "blue"
    PLAN_DRAFT = "plan_draft", "Plan in draft", "blue"
    PLAN_AGREED = "plan_agreed", "Plan agreed", "teal"
    SUPPORT = "support", "Support under way", "teal"
    REVIEW_DUE = "review_due", "Review due", "yellow"
    PAUSED = "paused", "Paused", "grey"
    CLOSING = "closing", "Closing", "purple"
    CLOSED = "closed", "Closed", "grey"
    REOPENED = "reopened", "Reopened", "blue"

    @property
    def is_open(self) -> bool:
        return self is not CaseStage.CLOSED


OPEN_STAGES = frozenset(stage for stage in CaseStage if stage.is_open)


class EngagementStatus(Status):
    """Whether the young person takes part. A "no" is theirs to give, is grey, and counts against nobody."""

    ASKING = "asking", "Being asked", "yellow"
    TAKING_PART = "taking_part", "Taking part", "green"
    CHOSE_NOT_TO = "chose_not_to", "Chose not to", "grey"
    NOT_REACHED = "not_reached", "Not reached yet", "yellow"
    STOPPED = "stopped", "Stopped taking part", "grey"


class EngagementAnswer(Code):
    """The answer to one attempt to ask."""

    YES = "yes", "Yes, they will take part"
    THINKING = "thinking", "They want time to think"
    NO = "no", "They chose not to"
    NOT_REACHED = "not_reached", "We could not reach them"


class EngagementGivenBy(Code):
    YOUNG_PERSON = "young_person", "The young person"
    PARENTAL_RESPONSIBILITY = "parental_responsibility", "Someone with parental responsibility"
    BOTH = "both", "Both"


class AttemptMethod(Code):
    VISIT = "visit", "Visited them at home"
    CALL = "call", "Phoned"
    TEXT = "text", "Sent a text message"
    LETTER = "letter", "Wrote a letter"
    SCHOOL = "school", "Met them at school"
    OTHER = "other", "Another way"


class SessionStatus(Status):
    PLANNED = "planned", "Planned", "blue"
    HAPPENED = "happened", "Happened", "green"
    DID_NOT_HAPPEN = "did_not_happen", "Did not happen", "grey"
    NOT_RECORDED = "not_recorded", "Not recorded", "yellow"


class SessionMode(Code):
    ONE_TO_ONE = "one_to_one", "One to one"
    GROUP = "group", "Group"
    FAMILY = "family", "With family"


class Attendance(Code):
    YES = "yes", "Yes, on time"
    LATE = "late", "Yes, they came late"
    NO = "no", "They did not come"
    MOVED = "moved", "Cancelled or moved"


ATTENDED = frozenset({Attendance.YES, Attendance.LATE})

_GOOD, _NONE_GIVEN, _LOGISTICS = "A good reason", "No reason given", "Travel or arrangements"


class NoSessionReason(GroupedCode):
    ILL = "ill", "They were ill", _GOOD
    FAMILY = "family", "Something happened in the family", _GOOD
    SCHOOL = "school", "School, exam or work", _GOOD
    APPOINTMENT = "appointment", "Another appointment", _GOOD
    FAITH = "faith", "A religious day", _GOOD
    FELT_UNSAFE = "felt_unsafe", "They did not feel safe to come", _GOOD
    NOT_READY = "not_ready", "They did not feel up to it", _GOOD
    NO_REASON = "no_reason", "No reason given", _NONE_GIVEN
    TRAVEL = "travel", "Could not get there", _LOGISTICS
    PLACE = "place", "The place was not available", _LOGISTICS
    WORKER = "worker", "We had to cancel", _LOGISTICS
    MIXED_UP = "mixed_up", "The time was mixed up", _LOGISTICS


class RescheduledBy(Code):
    YOUNG_PERSON = "young_person", "Them"
    FAMILY = "family", "Family"
    WORKER = "worker", "Us"


class SessionConcern(Code):
    NO = "no", "No"
    TELL_LEAD = "tell_lead", "Yes, tell the lead"
    DANGER_NOW = "danger_now", "Yes, they may be in danger now"


class NoteKind(Code):
    CONTACT = "contact", "Contact with them"
    FAMILY = "family", "Contact with family"
    AGENCY = "agency", "Contact with another agency"
    MANAGEMENT = "management", "Supervision or decision"
    PROGRESS = "progress", "How it is going"


class PlanStatus(Status):
    DRAFT = "draft", "Draft", "blue"
    AGREED = "agreed", "Agreed", "teal"
    REPLACED = "replaced", "Replaced", "grey"


class GoalOutcome(Status):
    ACHIEVED = "achieved", "Reached", "green"
    PARTIAL = "partial", "Partly reached", "blue"
    NOT_ACHIEVED = "not_achieved", "Not reached yet", "grey"


class ReviewDecision(Code):
    KEEP = "keep", "Keep the plan as it is"
    CHANGE = "change", "Change the plan"
    CLOSE = "close", "Get ready to close"


_DONE, _ELSEWHERE, _CHOICE, _RECORD = "Support finished", "Help from someone else", "Their choice or contact", "Other"


class ClosureReason(GroupedCode):
    """The codes are the domain's; the words are those a family may read."""

    GOALS_MET = "goals_met", "Goals reached", _DONE
    PARTLY_MET = "partly_met", "Goals partly reached", _DONE
    ELSEWHERE = "needs_met_elsewhere", "Getting the right help somewhere else", _ELSEWHERE
    STEPPED_UP = "stepped_up", "Now supported by social care or youth justice", _ELSEWHERE
    MOVED = "moved_area", "Moved to another area", _ELSEWHERE
    ADULT = "reached_18", "Reached 18 and moved on to adult support", _ELSEWHERE
    CUSTODY = "custody", "In custody, where others support them", _ELSEWHERE
    DECLINED = "declined", "Chose not to take part", _CHOICE
    STOPPED = "disengaged", "Stopped taking part", _CHOICE
    NOT_REACHED = "uncontactable", "Not reached", _CHOICE
    NOT_ELIGIBLE = "not_eligible", "Found not to be eligible", _RECORD
    MISTAKEN = "duplicate_mistaken", "Opened by mistake or twice", _RECORD
    DIED = "deceased", "Died", _RECORD
    OTHER = "other", "Another reason", _RECORD


class ReopenReason(Code):
    NEW_EVENT = "new_event", "Something new has happened"
    ASKED = "asked", "The young person or family asked"
    RETURNED = "returned", "Support elsewhere did not start"
    MOVED_BACK = "moved_back", "Moved back to the area"
    BY_MISTAKE = "by_mistake", "Closed by mistake"
    OTHER = "other", "Another reason"


class ActionStatus(Status):
    OPEN = "open", "To do", "blue"
    DONE = "done", "Done", "green"
    DROPPED = "dropped", "Not needed any more", "grey"
