"""Trigger events: what happened, and the young person's part in it."""

from core.codes.base import Code, GroupedCode

_POLICE = "Police contact"
_OUTCOME = "Outcome without court, or after court"
_COMMUNITY = "Community and antisocial behaviour"
_SCHOOL = "Education"
_SAFETY = "Safety and health"
_OTHER = "Other"


class TriggerEventType(GroupedCode):
    SECOND_SUSPECTED = "second_suspect_12m", "Suspected of an offence for the second time in 12 months", _POLICE
    INTERVIEW_ARREST = "interview_after_arrest", "Interviewed under caution after an arrest", _POLICE
    VOLUNTARY_INTERVIEW = "voluntary_interview", "Voluntary interview", _POLICE
    RELEASED_UNDER_INVESTIGATION = "released_under_investigation", "Released under investigation", _POLICE
    PRE_CHARGE_BAIL = "pre_charge_bail", "Pre-charge bail", _POLICE
    NO_FURTHER_ACTION = "no_further_action", "No further action by police", _OUTCOME
    COMMUNITY_RESOLUTION = "community_resolution", "Community resolution", _OUTCOME
    FIRST_YOUTH_CAUTION = "first_youth_caution", "First youth caution (not conditional)", _OUTCOME
    COURT_NO_ORDER = "court_no_order", "Discharged, acquitted or fined at court", _OUTCOME
    REPEATED_ASB = "repeated_asb", "Repeated notices of antisocial behaviour", _COMMUNITY
    COMMUNITY_PROTECTION = "community_protection", "Community protection warning or notice", _COMMUNITY
    BEHAVIOUR_CONTRACT = "behaviour_contract", "Acceptable behaviour contract", _COMMUNITY
    CIVIL_ORDER = "civil_order", "Civil order", _COMMUNITY
    PERMANENT_EXCLUSION = "permanent_exclusion", "Permanent exclusion", _SCHOOL
    SUSPENSION = "suspension", "Suspension", _SCHOOL
    PERSISTENT_ABSENCE = "persistent_absence", "Persistent absence", _SCHOOL
    MISSING = "missing_episode", "Missing episode", _SAFETY
    HOSPITAL_VIOLENCE = "hospital_violence", "Hospital visit after violence", _SAFETY
    VIOLENCE_SEEN_OR_SUFFERED = "violence_witness_victim", "Saw or was hurt by violence", _SAFETY
    EXPLOITATION_SCREENING = "exploitation_screening", "Exploitation screening", _SAFETY
    PROFESSIONAL_JUDGEMENT = "professional_judgement", "A worker's professional judgement", _OTHER


class PartInEvent(Code):
    """Always asked, never guessed: a victim or witness must not be counted as someone suspected."""

    VICTIM = "victim", "Victim"
    WITNESS = "witness", "Witness"
    SUSPECTED = "suspected", "Suspected"
    WITH_OTHERS = "with_others", "With others at the time"
    NOT_KNOWN = "not_known", "Not known"
