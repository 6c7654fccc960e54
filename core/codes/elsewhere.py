"""The same young person in another area: what was asked, what was answered, and what the other panel found."""

from core.codes.base import Code


class TaskKind(Code):
    PUBLISH = "publish", "Make a young person findable for other areas"
    FORGET = "forget", "Make a young person findable no more"
    LOOK = "look", "Look whether another area may know this young person"


class TaskState(Code):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    REFUSED = "refused", "Not done: too many in an hour"


class LookAnswer(Code):
    """All that the asker ever learns. A hidden record elsewhere is answered as none (SECURITY-DESIGN 3)."""

    NONE = "none", "No possible match in another area"
    POSSIBLE = "possible", "A possible match exists. The other panel’s coordinator has been asked to contact you"


class ContactOutcome(Code):
    SAME = "same", "We spoke: it is the same young person"
    DIFFERENT = "different", "We spoke: they are different young people"
    NOT_SHARED = "not_shared", "We decided not to share that we know them"
