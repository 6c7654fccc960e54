"""Every kind of message: what its notice says inside the service, and which letter it sends (PAGES 5.6)."""

from dataclasses import dataclass
from enum import StrEnum


class MessageKind(StrEnum):
    # to whoever referred
    RECEIVED = "received"
    INFORMATION_NEEDED = "information_needed"
    DECISION = "decision"
    FEEDBACK = "feedback"
    LIST_DONE = "list_done"
    # to whoever works on it
    ARRIVED = "arrived"
    INFORMATION_GIVEN = "information_given"
    FILE_ADDED = "file_added"
    WITHDRAWN = "withdrawn"
    ALLOCATED = "allocated"
    STEP_UP = "step_up"
    STEP_UP_ANSWERED = "step_up_answered"
    STEP_UP_LATE = "step_up_late"
    OFFER = "offer"
    OFFER_ANSWERED = "offer_answered"
    ACTION = "action"
    # to the panel
    MEETING = "meeting"
    PAPERS = "papers"
    INFORMATION_REQUEST = "information_request"
    # about the service and its records
    URGENT = "urgent"
    NEWS = "news"
    EMERGENCY_ACCESS = "emergency_access"
    UNUSUAL_ACCESS = "unusual_access"
    OTHER_PANEL = "other_panel"
    APPROVAL = "approval"
    APPROVAL_ANSWERED = "approval_answered"
    FILE_BLOCKED = "file_blocked"
    MERGED = "merged"
    TRANSFER = "transfer"
    TRANSFER_ANSWERED = "transfer_answered"
    DIGEST = "digest"
    # about one's account
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (the name of a message)
    EMAIL_CHANGED = "email_changed"
    ROLE_READY = "role_ready"
    INVITATION = "invitation"
    RESET = "reset"
    GIVEN_BACK = "given_back"
    GIVEN_BACK_OTHER = "given_back_other"
    SIGN_IN_CHANGED = "sign_in_changed"
    SOON_SUSPENDED = "soon_suspended"
    NEW_DEVICE = "new_device"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    SIGN_IN_ALARM = "sign_in_alarm"
    # to people without an account
    REFERRAL_LINK = "referral_link"
    REFERRAL_CODE = "referral_code"


class Letter(StrEnum):
    """The e-mails there are; ``messages/letters.py`` holds their words."""

    RECEIVED = "received"
    INFORMATION_NEEDED = "information_needed"
    DECISION = "decision"
    INFORMATION_REQUEST = "information_request"
    OFFER = "offer"
    PAPERS = "papers"
    NEWS = "news"
    URGENT = "urgent"
    DIGEST = "digest"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (the name of a letter)
    EMAIL_CHANGED = "email_changed"
    ROLE_READY = "role_ready"
    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    RESET = "reset"
    GIVEN_BACK = "given_back"
    GIVEN_BACK_OTHER = "given_back_other"
    SIGN_IN_CHANGED = "sign_in_changed"
    SOON_SUSPENDED = "soon_suspended"
    REFERRAL_LINK = "referral_link"
    REFERRAL_CODE = "referral_code"


@dataclass(frozen=True, slots=True)
class Rule:
    """``notice``: its words inside the service, or "" for none. ``letter``: its e-mail, or None for none."""

    notice: str = ""
    letter: Letter | None = None


K, L = MessageKind, Letter
RULES: dict[MessageKind, Rule] = {
    K.RECEIVED: Rule("We have received the referral you sent", L.RECEIVED),
    K.INFORMATION_NEEDED: Rule("We need something from you about a referral you sent", L.INFORMATION_NEEDED),
    K.DECISION: Rule("There is a decision on a referral you sent", L.DECISION),
    K.FEEDBACK: Rule("There is feedback on a referral you sent", L.DECISION),
    K.LIST_DONE: Rule("The list that you uploaded was worked through", L.NEWS),
    K.ARRIVED: Rule("A referral waits for you to accept it", L.NEWS),
    K.INFORMATION_GIVEN: Rule("The referrer answered your question"),
    K.FILE_ADDED: Rule("The referrer added a file to a referral"),
    K.WITHDRAWN: Rule("The referrer took a referral back"),
    K.ALLOCATED: Rule("You are now the lead of a case", L.NEWS),
    K.STEP_UP: Rule("A step-up was recorded. Make sure that the front door has it", L.URGENT),
    K.STEP_UP_ANSWERED: Rule("The front door answered a step-up", L.NEWS),
    K.STEP_UP_LATE: Rule("A step-up has no answer. Call the front door", L.URGENT),
    K.OFFER: Rule("There is a new offer for you", L.OFFER),
    K.OFFER_ANSWERED: Rule("There is an answer to an offer", L.DECISION),
    K.ACTION: Rule("There is a new action for you", L.NEWS),
    K.MEETING: Rule("You are invited to a panel meeting", L.NEWS),
    K.PAPERS: Rule("The papers of a panel meeting are ready", L.PAPERS),
    K.INFORMATION_REQUEST: Rule("The panel needs your information", L.INFORMATION_REQUEST),
    K.URGENT: Rule("Something needs you now", L.URGENT),
    K.NEWS: Rule("There is something new for you", L.NEWS),
    K.EMERGENCY_ACCESS: Rule("Somebody used emergency access. Review it", L.URGENT),
    K.UNUSUAL_ACCESS: Rule("There is unusual access to review", L.NEWS),
    K.OTHER_PANEL: Rule("Another panel may know one of your young people. Contact it", L.NEWS),
    K.APPROVAL: Rule("Something waits for a second person", L.NEWS),
    K.APPROVAL_ANSWERED: Rule("There is an answer to what you asked a second person", L.NEWS),
    K.FILE_BLOCKED: Rule("A file that you added was blocked. Nobody can open it", L.NEWS),
    K.MERGED: Rule("Two records of a young person became one, or were parted again", L.NEWS),
    K.TRANSFER: Rule("Another area asks you to take over a record", L.NEWS),
    K.TRANSFER_ANSWERED: Rule("There is an answer about a record that may move to another area", L.NEWS),
    K.DIGEST: Rule(letter=L.DIGEST),
    K.PASSWORD_CHANGED: Rule(letter=L.PASSWORD_CHANGED),
    K.EMAIL_CHANGED: Rule(letter=L.EMAIL_CHANGED),
    K.ROLE_READY: Rule("You have a new role", L.ROLE_READY),
    K.INVITATION: Rule(letter=L.INVITATION),
    K.RESET: Rule(letter=L.RESET),
    K.GIVEN_BACK: Rule(letter=L.GIVEN_BACK),
    K.GIVEN_BACK_OTHER: Rule(letter=L.GIVEN_BACK_OTHER),
    K.SIGN_IN_CHANGED: Rule(letter=L.SIGN_IN_CHANGED),
    K.SOON_SUSPENDED: Rule(letter=L.SOON_SUSPENDED),
    K.NEW_DEVICE: Rule("Somebody signed in to your account on a device that you had not used before", L.SIGN_IN),
    K.SECOND_FACTOR_MISSING: Rule(
        "Somebody gave your password and then no second factor. If it was not you, change your password", L.SIGN_IN
    ),
    K.SIGN_IN_ALARM: Rule("In the last hour sign-ins failed at many accounts, from many addresses", L.URGENT),
    K.REFERRAL_LINK: Rule(letter=L.REFERRAL_LINK),
    K.REFERRAL_CODE: Rule(letter=L.REFERRAL_CODE),
}  # fmt: skip
