"""What was decided and how it goes: meetings, cases, plans, sessions, notes, reviews."""

from panels.models.cases import Case, CaseNote, EngagementAttempt, Offer, Review, SupportSession, TimelineEntry
from panels.models.emergency import EmergencyAccess
from panels.models.meetings import AgendaItem, Conflict, Meeting, MeetingMember, PanelAction
from panels.models.plans import Goal, Plan

__all__ = [
    "AgendaItem", "Case", "CaseNote", "Conflict", "EmergencyAccess", "EngagementAttempt", "Goal", "Meeting",
    "MeetingMember", "Offer", "PanelAction", "Plan", "Review", "SupportSession", "TimelineEntry",
]  # fmt: skip
