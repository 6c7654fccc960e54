"""Concerns in five groups, how sure we are of each, and what protects the young person."""

from core.codes.base import Code, GroupedCode

_SELF = "Themselves"
_FAMILY = "Family and home"
_PEERS = "Friends and harm outside the home"
_SCHOOL = "School or work"
_PLACE = "Neighbourhood"


class Concern(GroupedCode):
    IMPULSIVITY = "impulsivity", "Acting before thinking", _SELF
    SUBSTANCE_USE = "substance_use", "Alcohol or drug use", _SELF
    MENTAL_HEALTH = "mental_health", "Mental health or self-harm", _SELF
    TRAUMA = "trauma", "Trauma or difficult early experiences", _SELF
    SEND_SLCN = "send_slcn", "Learning, speech or communication needs not met", _SELF
    MISSING = "missing", "Going missing", _SELF
    WEAPON = "weapon", "Carrying a weapon", _SELF
    EARLY_ASB = "early_asb", "Antisocial behaviour at a young age", _SELF
    DOMESTIC_ABUSE = "domestic_abuse", "Domestic abuse at home", _FAMILY
    PARENT_SUBSTANCE = "parent_substance", "A parent's alcohol or drug use", _FAMILY
    PARENT_MENTAL_HEALTH = "parent_mental_health", "A parent's mental health", _FAMILY
    PARENT_PRISON = "parent_prison", "A parent in prison", _FAMILY
    SIBLING_JUSTICE = "sibling_justice", "A brother or sister in the justice system", _FAMILY
    NEGLECT = "neglect", "Neglect", _FAMILY
    POVERTY = "poverty", "Money worries at home", _FAMILY
    HOUSING = "housing", "Housing", _FAMILY
    BEREAVEMENT = "bereavement", "Bereavement", _FAMILY
    YOUNG_CARER = "young_carer", "Young carer", _FAMILY
    CRIMINAL_EXPLOITATION = "cce", "Criminal exploitation", _PEERS
    SEXUAL_EXPLOITATION = "cse", "Sexual exploitation", _PEERS
    COUNTY_LINES = "county_lines", "County lines", _PEERS
    GROUP_CONFLICT = "group_conflict", "Conflict between groups", _PEERS
    ONLINE_HARM = "online_harm", "Harm online", _PEERS
    PEER_VICTIM = "peer_victimisation", "Hurt or robbed by other young people", _PEERS
    DEBT_BONDAGE = "debt_bondage", "Made to work off a debt", _PEERS
    EXCLUSION = "exclusion", "Exclusion or suspension", _SCHOOL
    ABSENCE = "absence", "Absence", _SCHOOL
    ALTERNATIVE_PROVISION = "alternative_provision", "Alternative provision not working for them", _SCHOOL
    BULLYING = "bullying", "Bullying", _SCHOOL
    ATTAINMENT = "attainment", "Falling behind", _SCHOOL
    HOTSPOT = "hotspot", "Spends time where violence happens", _PLACE
    VIOLENCE_EXPOSURE = "violence_exposure", "Has seen violence nearby", _PLACE
    RACISM = "racism", "Racism or discrimination", _PLACE


class ConcernStrength(Code):
    YES = "yes", "Yes"
    SUSPECTED = "suspected", "Suspected"
    NO = "no", "No"
    NOT_KNOWN = "not_known", "Not known"


class ProtectiveFactor(Code):
    TRUSTED_ADULT = "trusted_adult", "An adult they trust"
    ENGAGED_CARER = "engaged_carer", "A parent or carer who is involved"
    SCHOOL_BELONGING = "school_belonging", "Feels they belong at school"
    ATTENDANCE = "attendance", "Goes to school or work"
    POSITIVE_PEERS = "positive_peers", "Good friends"
    INTERESTS = "interests", "A hobby, sport, faith or culture"
    HELP_SEEKING = "help_seeking", "Asks for help"
    ASPIRATION = "aspiration", "Hopes and plans"
    EMOTIONAL_REGULATION = "emotional_regulation", "Handles strong feelings"
    STABLE_HOME = "stable_home", "A stable home"
    ENGAGED_PROFESSIONAL = "engaged_professional", "A worker who knows them well"
