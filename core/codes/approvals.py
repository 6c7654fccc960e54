"""Where an act that takes two people stands."""

from core.codes.base import Code


class ApprovalState(Code):
    """``agreed`` waits for its asker to use it; ``done`` has run, or has been used."""

    ASKED = "asked", "Waits for a second person"
    AGREED = "agreed", "Agreed"
    DECLINED = "declined", "Not agreed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DONE = "done", "Done"
