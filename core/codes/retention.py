"""Why a record's time is over, why it is kept longer, and where the decision stands."""

from core.codes.base import Code, Status


class RetentionRule(Code):
    """Law sets no periods; these are defaults that the controller justifies and sets in areas.toml (DOMAIN 3.9)."""

    CASE = "case", "Years after the last case closed, and after their 18th birthday"
    REFERRAL = "referral", "Years after the last referral was decided, with no case"


class KeepReason(Code):
    STILL_NEEDED = "still_needed", "Their support may start again"
    COMPLAINT = "complaint", "A complaint or request about it is open"
    COURT = "court", "It may be needed in court"
    RESEARCH = "research", "An agreed evaluation uses it"


class HoldReason(Code):
    """Why nobody may erase it until the hold is ended."""

    COURT = "court", "A court has asked for it"
    INQUIRY = "inquiry", "A public inquiry"
    COMPLAINT = "complaint", "A complaint"
    SAFEGUARDING_REVIEW = "safeguarding_review", "A safeguarding practice review"


class ErasureReason(Code):
    """Why a young person is erased: UK GDPR Article 17(1), and what a court or a law asks for."""

    NOT_NEEDED = "not_needed", "The record is no longer needed for what it was made for"
    OBJECTED = "objected", "They, or who speaks for them, objected, and nothing weighs more"
    UNLAWFUL = "unlawful", "It should never have been kept"
    LAW = "law", "A court or a law asks for it"


class RetentionState(Status):
    DUE = "due", "To decide", "blue"
    KEPT = "kept", "Kept longer", "grey"
    ASKED = "asked", "Waits for a second person", "yellow"
    DISPOSED = "disposed", "Disposed of", "grey"
