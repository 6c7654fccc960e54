"""The trail: append-only entries, each sealed to the one before it in its chain, and an index by young person."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import Encrypted
from core.db import Moment, SealedRecord, db, id_type
from core.ids import Id
from core.languages import gettext


class Action(StrEnum):
    """What was done, in the words of FHIR AuditEvent and ASVS 5.0 16.2."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    SEARCH = "search"
    LIST = "list"
    EXPORT = "export"
    PRINT = "print"
    LOGIN = "login"
    LOGOUT = "logout"
    DENIED = "denied"
    REVIEW = "review"
    KEY = "key"
    CONFIG = "config"


class Event(StrEnum):
    """Everything the trail can say. The value is ``action:what``; ``label`` is how the audit page says it."""

    words: str

    def __new__(cls, value: str, label: str = "") -> "Event":
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = label
        return member

    @property
    def label(self) -> str:
        return gettext(self.words)

    @property
    def action(self) -> Action:
        return Action(self.value.partition(":")[0])

    # signing in and accounts
    SIGNED_IN = "login:signed_in", "Signed in"
    SIGN_IN_FAILED = "login:failed", "Could not sign in"
    SIGN_IN_THROTTLED = "login:throttled", "Was slowed down after too many tries"
    SIGN_IN_ALARM = "login:alarm", "Noticed sign-ins that failed at many accounts from many addresses"
    FIRST_FACTOR = "login:first_factor", "Gave the first of two factors"
    RECOVERY_CODE_USED = "login:recovery_code", "Used a recovery code"
    SIGNED_OUT = "logout:signed_out", "Signed out"
    SESSIONS_ENDED = "logout:sessions_ended", "Ended their sessions"
    STEPPED_UP = "login:stepped_up", "Proved again who they are"
    ROLE_CHOSEN = "login:role_chosen", "Chose a role"
    PASSWORD_CHANGED = "config:password_changed", "Changed their password"
    PASSWORD_RESET_ASKED = "config:password_reset_asked", "Asked for a password reset"
    FACTOR_ADDED = "config:factor_added", "Added a second factor"
    FACTOR_CHANGED = "config:factor_changed", "Renamed a second factor"
    FACTOR_REMOVED = "config:factor_removed", "Removed a second factor"
    RECOVERY_CODES_MADE = "config:recovery_codes", "Made recovery codes"
    IDENTITY_LINKED = "config:identity_linked", "Linked an organisation's account"
    IDENTITY_UNLINKED = "config:identity_unlinked", "Removed an organisation's account"
    ACCOUNT_GIVEN_BACK = "config:account_given_back", "Gave an account back after a lost device"
    SPONSOR_CHANGED = "config:sponsor", "Became somebody's sponsor"
    USER_LEFT = "config:user_left", "Closed the account of somebody who left"
    TRAINING_RECORDED = "config:training", "Recorded somebody's training"
    MEMBERSHIP_REVIEWED = "review:membership", "Reviewed somebody's role"
    REVIEW_READ = "read:review", "Looked at the review of accounts"
    USER_INVITED = "config:user_invited", "Invited someone"
    INVITATION_USED = "config:invitation_used", "Set up their account"
    USER_CHANGED = "config:user_changed", "Changed a user"
    USER_SUSPENDED = "config:user_suspended", "Suspended a user"
    GRANT_PROPOSED = "config:grant_proposed", "Proposed a role for someone"
    GRANT_APPROVED = "config:grant_approved", "Approved a role for someone"
    GRANT_ENDED = "config:grant_ended", "Ended someone's role"
    CREDENTIAL_MADE = "config:credential_made", "Let an agency's system send referrals"
    CREDENTIAL_ENDED = "config:credential_ended", "Ended the access of an agency's system"
    TOKEN_GIVEN = "login:token", "Signed in as an agency's system"
    APPROVAL_ASKED = "create:approval", "Asked a second person to agree"
    APPROVAL_AGREED = "update:approval_agreed", "Agreed as the second person"
    APPROVAL_DECLINED = "update:approval_declined", "Did not agree as the second person"
    APPROVAL_ENDED = "update:approval_ended", "Used or withdrew what was agreed"
    APPROVALS_READ = "read:approvals", "Looked at what waits for a second person"
    CONFIGURED = "config:changed", "Changed a setting"
    DENIED = "denied:page", "Was turned away"
    # the trail itself
    AUDIT_SEARCHED = "read:audit", "Looked at the audit trail"
    AUDIT_EXPORTED = "export:audit", "Exported from the audit trail"
    AUDIT_VERIFIED = "review:audit_verified", "Checked the audit trail"
    AUDIT_PROVED = "export:proof", "Took a proof of one entry"
    AUDIT_BODIES_DROPPED = "delete:audit_bodies", "Dropped old entries, kept their seals"
    FAILED = "denied:failed", "Tried a change that was not kept"
    ALERTS_READ = "read:alerts", "Looked at unusual access"
    ALERT_RAISED = "create:alert", "Noticed unusual access"
    ALERT_REVIEWED = "review:alert", "Reviewed unusual access"
    DECOY_ASKED = "create:decoy", "Asked for a trip wire"
    DECOY_MADE = "update:decoy", "Made a trip wire"
    # keys
    KEYS_CHANGED = "key:changed", "Changed keys"
    CHAIN_KEY_CHANGED = "key:chain", "Changed the key that seals the trail"
    KEYS_CHECKED = "review:keys_checked", "Checked keys"
    PERSON_ERASED = "delete:young_person", "Erased a young person"
    PEOPLE_COMPARED = "read:merge", "Compared two records that may be one young person's"
    PEOPLE_MERGED = "update:person_merged", "Made one record of two of the same young person"
    PEOPLE_SPLIT = "update:person_split", "Undid the merging of two records"
    TRANSFER_ASKED = "create:transfer", "Asked another area to take over a record"
    TRANSFER_DECIDED = "update:transfer", "Decided about a record that may move between areas"
    TRANSFER_READ = "read:transfer", "Looked at a record that may move between areas"
    CASE_MOVED = "update:case_moved", "Took over a record from another area"
    RETENTION_DUE = "create:retention_review", "Found a record whose time is over"
    RETENTION_DECIDED = "update:retention_review", "Decided about a record whose time is over"
    HOLD_CHANGED = "update:legal_hold", "Placed or ended a legal hold"
    # cohort
    EXTRACT_UPLOADED = "create:extract", "Uploaded a partner's extract"
    EXTRACT_READ = "read:extract", "Looked at an upload"
    EXTRACT_ACCEPTED = "update:extract", "Accepted an upload"
    EXTRACT_DISCARDED = "delete:extract", "Discarded an upload"
    RUN_READ = "read:run", "Looked at a run"
    RUN_REPLACED = "delete:run", "Replaced a run that was not released"
    RUN_RELEASED = "update:run", "Released a run to the coordinator"
    RUN_STARTED = "create:run", "Ran the starting criterion"
    CANDIDATES_LISTED = "list:candidates", "Listed young people to consider"
    CANDIDATE_READ = "read:candidate", "Looked at a young person to consider"
    CANDIDATE_DECIDED = "update:candidate", "Decided about a young person to consider"
    CANDIDATE_GONE = "delete:candidate", "Let go of a young person who was not nominated"
    NOMINATED = "create:nomination", "Nominated a young person"
    PERSON_CREATED = "create:young_person", "Made a record of a young person"
    PERSON_READ = "read:young_person", "Looked at a young person's details"
    PERSON_CHANGED = "update:young_person", "Changed a young person's details"
    PERSON_LINKED = "update:linked", "Linked a referral to a young person"
    PERSON_SEARCHED = "search:young_person", "Searched for a young person"
    SEARCH_READ = "list:found", "Looked at what a search found"
    SENSITIVITY_READ = "read:sensitivity", "Looked at who may open a record"
    SENSITIVITY_SET = "update:sensitivity", "Changed who may open a record"
    SENSITIVE_LISTED = "list:sensitive", "Listed closed records"
    # referrals
    DRAFT_STARTED = "create:draft", "Started a referral"
    DRAFT_OPENED = "read:draft", "Opened their draft"
    DRAFT_CHANGED = "update:draft", "Changed their draft"
    DRAFT_DELETED = "delete:draft", "Deleted their draft"
    REFERRAL_SENT = "create:referral", "Sent a referral"
    REFERRAL_READ = "read:referral", "Looked at a referral"
    REFERRALS_LISTED = "list:referrals", "Listed referrals"
    REFERRAL_CHANGED = "update:referral", "Changed a referral"
    REFERRAL_WITHDRAWN = "update:referral_withdrawn", "Withdrew a referral"
    REFERRAL_ACKNOWLEDGED = "update:referral_acknowledged", "Acknowledged a referral"
    TRIAGE_READ = "read:triage", "Looked at a referral at triage"
    MATCH_READ = "read:match", "Compared two records"
    MATCH_ANSWERED = "update:match", "Answered a possible match"
    TRIAGE_DECIDED = "update:triage", "Decided at triage"
    INFORMATION_ASKED = "update:information_asked", "Asked the referrer for information"
    FEEDBACK_GIVEN = "create:feedback", "Said whether the outcome was useful"
    INFORMATION_GIVEN = "update:information_given", "Answered a request for information"
    IMPORT_UPLOADED = "create:import", "Uploaded a list of referrals"
    IMPORT_READ = "read:import", "Looked at a list of referrals"
    IMPORT_STARTED = "update:import", "Started to send a list of referrals"
    IMPORT_WORKED = "update:import_worked", "Worked through part of a list of referrals"
    IMPORT_ENDED = "delete:import", "Threw away a list of referrals"
    LINK_SENT = "create:referral_link", "Sent a one-time link to refer by"
    LINK_OPENED = "update:referral_link_opened", "Opened a one-time link"
    LINK_CONFIRMED = "login:referral_link", "Confirmed the address of a one-time link"
    LINK_ENDED = "update:referral_link_ended", "Ended a one-time link"
    ARRIVAL_WRITTEN = "update:arrival_written", "Wrote a page without an account"
    ARRIVAL_RECEIVED = "create:arrival", "Sent a referral without an account"
    ARRIVAL_READ = "read:arrival", "Looked at a referral to accept"
    ARRIVAL_ACCEPTED = "update:arrival_accepted", "Accepted a referral that came without an account"
    ARRIVAL_TURNED_AWAY = "update:arrival_turned_away", "Turned away a referral that came without an account"
    ARRIVAL_DELETED = "delete:arrival", "Deleted what came without an account"
    STEPPED_UP_CASE = "create:step_up", "Stepped up to the front door"
    STEP_UP_READ = "read:step_up", "Looked at a step-up"
    STEP_UP_ANSWERED = "update:step_up", "Recorded the front door's answer"
    ELSEWHERE_ASKED = "search:elsewhere", "Asked whether another area knows a young person"
    ELSEWHERE_FOUND = "create:other_panel_contact", "Was asked to contact another panel"
    ELSEWHERE_ANSWERED = "update:other_panel_contact", "Recorded what came of contacting another panel"
    MATCHING_INDEXED = "create:matching_index", "Asked for a young person to be put into, or out of, matching"
    MATCHING_DONE = "update:matching_task", "Finished a piece of matching between areas"
    # files
    REFERRAL_STATUS_READ = "read:referral_status", "Asked, from a system, how a referral stands"
    REFERRAL_EXPORTED = "export:referral", "Took a referral out as a file"
    FILE_ADDED = "create:file", "Added a file"
    FILE_READ = "read:file", "Opened a file"
    FILES_LISTED = "list:files", "Looked at the files"
    FILE_CHANGED = "update:file", "Changed whom a file is about"
    FILE_CHECKED = "update:file_checked", "Checked a file for malware"
    FILE_REMOVED = "delete:file", "Took a file away"
    # panels
    MEETING_PLANNED = "create:meeting", "Planned a meeting"
    MEETING_READ = "read:meeting", "Looked at a meeting"
    MEETING_CHANGED = "update:meeting", "Changed a meeting"
    AGENDA_CHANGED = "update:agenda", "Changed an agenda"
    ATTENDANCE_RECORDED = "update:attendance", "Recorded who was there"
    CONFLICT_DECLARED = "update:conflict", "Recorded a conflict of interest"
    PANEL_DECIDED = "update:panel_item", "Recorded a panel decision"
    MEETING_CONFIRMED = "update:meeting_confirmed", "Confirmed a meeting's decisions"
    ACTION_CHANGED = "update:action", "Changed an action"
    ACTION_READ = "read:action", "Looked at their actions"
    CASE_OPENED = "create:case", "Opened a case"
    CASE_READ = "read:case", "Looked at a case"
    CASES_LISTED = "list:cases", "Listed cases"
    CASES_EXPORTED = "export:cases", "Took a list of cases out as a file"
    CASE_ALLOCATED = "update:case_allocated", "Changed who leads a case"
    ENGAGEMENT_RECORDED = "update:engagement", "Recorded asking to take part"
    PLAN_CHANGED = "update:plan", "Changed a plan"
    SESSION_CHANGED = "update:session", "Recorded a session"
    NOTE_ADDED = "create:note", "Added a note"
    NOTE_CHANGED = "update:note", "Changed a note"
    REVIEW_FINISHED = "create:review", "Finished a review"
    CLOSURE_ASKED = "update:closure_asked", "Asked to close a case"
    CASE_CLOSED = "update:case_closed", "Closed a case"
    CASE_REOPENED = "update:case_reopened", "Reopened a case"
    EMERGENCY_OPENED = "create:emergency_access", "Opened a case in an emergency"
    EMERGENCY_READ = "read:emergency", "Looked at a case in an emergency"
    EMERGENCY_ENDED = "update:emergency_ended", "Ended emergency access"
    EMERGENCY_LISTED = "list:emergency", "Looked at who used emergency access"
    EMERGENCY_REVIEWED = "review:emergency", "Reviewed emergency access"
    EMERGENCY_ESCALATED = "update:emergency_escalated", "Said that emergency access was not reviewed in time"
    # interventions
    OFFER_MADE = "create:offer", "Offered support"
    OFFER_READ = "read:offer", "Looked at an offer"
    OFFER_ANSWERED = "update:offer", "Answered an offer"
    CATALOGUE_CHANGED = "config:catalogue", "Changed the catalogue"
    # sharing
    DISCLOSURE_RECORDED = "create:disclosure", "Recorded sharing information"
    DISCLOSURE_REFUSED = "create:disclosure_refused", "Was told that sharing is not lawful"
    DISCLOSURES_READ = "read:disclosures", "Looked at what was shared"
    # desk and oversight
    HOME_READ = "list:home", "Looked at their work"
    REPORT_READ = "read:report", "Looked at a report"
    PRINTED = "print:page", "Printed a page"
    # jobs
    LOADED = "create:loaded", "Loaded records"
    JOB_READ = "read:job", "Opened records for a job"


class AuditEntry(db.Model):  # type: ignore[name-defined]
    """One entry. ``body`` is the canonical bytes that the seal covers; the other columns repeat parts for searching."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "chain", "at"),
        Index("ix_audit_entry_actor", "actor_id", "at"),
        Index("ix_audit_entry_object", "object_id"),
    )

    chain: Mapped[str] = mapped_column(String(26), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment())
    event: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    object_type: Mapped[str | None] = mapped_column(String(40))
    object_id: Mapped[Id | None] = mapped_column(id_type())
    body: Mapped[bytes] = mapped_column(LargeBinary)


class AuditSeal(db.Model):  # type: ignore[name-defined]
    """The leaf and the chained seal of one entry: kept for ever, so that the chain verifies after bodies are dropped."""

    __tablename__ = "audit_seal"

    chain: Mapped[str] = mapped_column(String(26), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    mac: Mapped[bytes] = mapped_column(LargeBinary)


class AuditChainKey(db.Model):  # type: ignore[name-defined]
    """From which entry on a chain is sealed under which version of its key: the one after ``seq``, which says so itself."""

    __tablename__ = "audit_chain_key"

    chain: Mapped[str] = mapped_column(String(26), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int]


class AuditSubject(db.Model):  # type: ignore[name-defined]
    """Which entries are about which young person; the same ids are in the sealed bytes and the verifier compares."""

    __tablename__ = "audit_subject"

    subject_id: Mapped[Id] = mapped_column(id_type(), primary_key=True)
    chain: Mapped[str] = mapped_column(String(26), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class AuditCheckpoint(db.Model):  # type: ignore[name-defined]
    """A signed root over the first ``size`` leaves of a chain; ``note`` is the text as it was signed (C2SP)."""

    __tablename__ = "audit_checkpoint"

    chain: Mapped[str] = mapped_column(String(26), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment())
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)


class AuditTree(db.Model):  # type: ignore[name-defined]
    """Roots of complete subtrees of 2^8, 2^16 ... leaves, so that a root or a proof reads hundreds of rows, not all."""

    __tablename__ = "audit_tree"

    chain: Mapped[str] = mapped_column(String(26), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditAnchored(db.Model):  # type: ignore[name-defined]
    """Which checkpoints were written where outside the database; what an anchor missed it gets the next time."""

    __tablename__ = "audit_anchored"

    anchor: Mapped[str] = mapped_column(String(80), primary_key=True)
    chain: Mapped[str] = mapped_column(String(26), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment())


class ChangeHistory(SealedRecord):
    """Before and after values of one change, under the person's key; the entry holds only a commitment to them."""

    __tablename__ = "change_history"

    subject: Mapped[Id] = mapped_column(id_type(), index=True)
    area_id: Mapped[Id | None] = mapped_column(id_type())
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[Id] = mapped_column(id_type(), index=True)
    actor_id: Mapped[Id | None] = mapped_column(id_type())
    event: Mapped[str] = mapped_column(String(40))
    changes = Encrypted(kind="json", max_length=100_000)

    @property
    def subject_id(self) -> Id:
        return self.subject


APPEND_ONLY = (
    "audit_entry", "audit_seal", "audit_chain_key", "audit_subject", "audit_checkpoint", "audit_tree", "audit_anchored",
)  # fmt: skip
DROPPED_WITH_AGE = ("audit_entry", "audit_subject")
