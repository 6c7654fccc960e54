"""Kinds of agency: who refers, sits on a panel or delivers; the kind decides which gateways are open to it."""

from core.codes.base import GroupedCode

_JUSTICE = "Police and justice"
_COUNCIL = "Council"
_EDUCATION = "Education"
_HEALTH = "Health"
_COMMUNITY = "Community"


class AgencyKind(GroupedCode):
    POLICE = "police", "Police", _JUSTICE
    CUSTODY = "custody", "Police custody or custody diversion team", _JUSTICE
    YOUTH_JUSTICE = "youth_justice", "Youth justice service", _JUSTICE
    PROBATION = "probation", "Probation", _JUSTICE
    LOCAL_POLICING_BODY = "local_policing_body", "Police and crime commissioner's office", _JUSTICE
    YOUTH_CUSTODY = "youth_custody", "Prison or youth custody", _JUSTICE
    PREVENTION_PARTNERSHIP = "prevention_partnership", "Prevention partnership team", _COUNCIL
    CHILDRENS_SOCIAL_CARE = "childrens_social_care", "Children's social care", _COUNCIL
    MASH = "mash", "Front door (children's social care first contact)", _COUNCIL
    EARLY_HELP = "early_help", "Early Help or Family Help", _COUNCIL
    HOUSING = "housing", "Housing", _COUNCIL
    COMMUNITY_SAFETY = "community_safety", "Community safety", _COUNCIL
    SCHOOL = "school", "School", _EDUCATION
    ALTERNATIVE_PROVISION = "alternative_provision", "Alternative provision or pupil referral unit", _EDUCATION
    VIRTUAL_SCHOOL = "virtual_school", "Virtual school or education inclusion", _EDUCATION
    COLLEGE = "college", "College", _EDUCATION
    SCHOOL_NURSING = "school_nursing", "School nursing", _HEALTH
    GP = "gp", "GP practice", _HEALTH
    CAMHS = "camhs", "Children and young people's mental health service", _HEALTH
    HOSPITAL = "hospital", "Hospital or A&E navigator", _HEALTH
    SPEECH_AND_LANGUAGE = "speech_and_language", "Speech and language therapy", _HEALTH
    SUBSTANCE_MISUSE = "substance_misuse", "Substance misuse service", _HEALTH
    FIRE = "fire", "Fire and rescue", _COMMUNITY
    VOLUNTARY = "voluntary", "Voluntary or community organisation", _COMMUNITY
    HUB = "hub", "Young Futures Hub", _COMMUNITY


HEALTH_KINDS = frozenset(kind for kind in AgencyKind if kind.heading == _HEALTH)
EDUCATION_KINDS = frozenset(kind for kind in AgencyKind if kind.heading == _EDUCATION)
SOCIAL_CARE_KINDS = frozenset({AgencyKind.CHILDRENS_SOCIAL_CARE, AgencyKind.MASH, AgencyKind.EARLY_HELP})
PROVIDER_KINDS = frozenset(
    {
        AgencyKind.VOLUNTARY,
        AgencyKind.HUB,
        AgencyKind.YOUTH_JUSTICE,
        AgencyKind.SPEECH_AND_LANGUAGE,
        AgencyKind.SUBSTANCE_MISUSE,
        AgencyKind.EARLY_HELP,
        AgencyKind.HOSPITAL,
    }
)
