"""Where a move to another area stands, and what the young person and family say about it."""

from core.codes.base import Code, Status


class TransferState(Status):
    ASKED = "asked", "Waits for the other area", "yellow"
    ACCEPTED = "accepted", "Moved", "green"
    DECLINED = "declined", "Not accepted", "grey"
    WITHDRAWN = "withdrawn", "Withdrawn", "grey"


class MoveAnswer(Code):
    """Asked again for each move. A "no" is heard and passed on; whether it moves rests on the public task, not on it."""

    AGREE = "agree", "They agree that their record moves"
    PREFER_NOT = "prefer_not", "They would rather not, and it moves for the reason given"
    NOT_ASKED = "not_asked", "They could not be asked yet"
