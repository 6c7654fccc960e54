"""What is asked about a young person: sex, ethnicity, education, needs and the help they already have."""

from core.codes.base import Code, GroupedCode


class Sex(Code):
    FEMALE = "female", "Female"
    MALE = "male", "Male"
    NOT_KNOWN = "not_known", "Not known"
    NOT_SPECIFIED = "not_specified", "Not specified"


_WHITE, _MIXED, _ASIAN, _BLACK, _OTHER, _NS = "White", "Mixed", "Asian", "Black", "Other", "Not stated"


class Ethnicity(GroupedCode):
    """Self-defined 18+1; W4 is a local extension that reports fold into W9. Officer-observed codes never fill this."""

    W1 = "W1", "British", _WHITE
    W2 = "W2", "Irish", _WHITE
    W3 = "W3", "Gypsy or Irish Traveller", _WHITE
    W4 = "W4", "Roma", _WHITE
    W9 = "W9", "Any other White background", _WHITE
    M1 = "M1", "White and Black Caribbean", _MIXED
    M2 = "M2", "White and Black African", _MIXED
    M3 = "M3", "White and Asian", _MIXED
    M9 = "M9", "Any other Mixed background", _MIXED
    A1 = "A1", "Indian", _ASIAN
    A2 = "A2", "Pakistani", _ASIAN
    A3 = "A3", "Bangladeshi", _ASIAN
    A4 = "A4", "Chinese", _ASIAN
    A9 = "A9", "Any other Asian background", _ASIAN
    B1 = "B1", "Caribbean", _BLACK
    B2 = "B2", "African", _BLACK
    B9 = "B9", "Any other Black background", _BLACK
    O2 = "O2", "Arab", _OTHER
    O9 = "O9", "Any other ethnic group", _OTHER
    NS = "NS", "Not stated", _NS

    @property
    def in_full(self) -> str:
        """Where it stands alone, away from its heading: ``White: British``."""
        return self.label if self.group in self.label else f"{self.group}: {self.label}"

    @property
    def national(self) -> "Ethnicity":
        """The code of the national 18+1 list."""
        return Ethnicity.W9 if self is Ethnicity.W4 else self


ETHNIC_GROUPS = (_WHITE, _MIXED, _ASIAN, _BLACK, _OTHER, _NS)


class EthnicitySource(Code):
    SELF = "self", "They told us"
    FAMILY = "family", "Their family told us"
    AGENCY = "agency", "From another agency's record"
    OBSERVED = "observed", "A worker's impression"


class EducationStatus(Code):
    SCHOOL = "school", "At school"
    ALTERNATIVE_PROVISION = "alternative_provision", "In alternative provision"
    PRU = "pru", "At a pupil referral unit"
    HOME_EDUCATED = "home_educated", "Educated at home"
    MISSING_EDUCATION = "missing_education", "Missing from education"
    COLLEGE = "college", "At college or in training"
    EMPLOYED = "employed", "In work or an apprenticeship"
    NEET = "neet", "Not in education, work or training"
    NOT_KNOWN = "not_known", "Not known"


class SendStatus(Code):
    NONE = "none", "No special educational needs known"
    SUPPORT = "support", "SEN support"
    EHCP = "ehcp", "Education, health and care plan"
    NOT_KNOWN = "not_known", "Not known"


class AttendanceBand(Code):
    OVER_95 = "over_95", "95% or more"
    B90_95 = "90_95", "90% to 94%"
    B50_90 = "50_90", "50% to 89%"
    UNDER_50 = "under_50", "Less than 50%"
    NOT_KNOWN = "not_known", "Not known"


_NO_STATUS, _HELP, _CARE, _YJS, _EXPLOITATION, _OTHER_STATUS = (
    "None",
    "Help and protection",
    "In care",
    "Youth justice",
    "Exploitation",
    "Other",
)


class StatutoryStatus(GroupedCode):
    NONE = "none", "None known", _NO_STATUS
    EARLY_HELP = "early_help", "Early Help or Family Help", _HELP
    CHILD_IN_NEED = "cin_s17", "Child in need (section 17)", _HELP
    SECTION_47 = "s47", "Section 47 enquiry under way", _HELP
    PROTECTION_PLAN = "cp_plan", "Child protection plan", _HELP
    LOOKED_AFTER_S20 = "cla_s20", "Looked after (section 20)", _CARE
    LOOKED_AFTER_S31 = "cla_s31", "Looked after (care order, section 31)", _CARE
    CARE_LEAVER = "care_leaver", "Care leaver", _CARE
    UASC = "uasc", "Unaccompanied and seeking asylum", _CARE
    YJS_PREVENTION = "yjs_prevention", "Youth justice: prevention", _YJS
    YJS_OUT_OF_COURT = "yjs_oocr", "Youth justice: out-of-court resolution", _YJS
    YJS_ORDER = "yjs_order", "Youth justice: court order", _YJS
    NRM_REFERRED = "nrm_referred", "National Referral Mechanism: referred", _EXPLOITATION
    NRM_REASONABLE = "nrm_rg", "National Referral Mechanism: positive reasonable grounds", _EXPLOITATION
    NRM_CONCLUSIVE = "nrm_cg", "National Referral Mechanism: positive conclusive grounds", _EXPLOITATION
    NRM_NEGATIVE = "nrm_negative", "National Referral Mechanism: not confirmed", _EXPLOITATION
    MAPPA = "mappa", "Under MAPPA or integrated management", _OTHER_STATUS
    CHANNEL = "channel", "Prevent or Channel", _OTHER_STATUS


class CarerRelation(Code):
    MOTHER = "mother", "Mother"
    FATHER = "father", "Father"
    STEP_PARENT = "step_parent", "Step-parent"
    GRANDPARENT = "grandparent", "Grandparent"
    AUNT_UNCLE = "aunt_uncle", "Aunt or uncle"
    SIBLING = "sibling", "Brother or sister"
    FOSTER_CARER = "foster_carer", "Foster carer"
    SOCIAL_WORKER = "social_worker", "Social worker for the council"
    OTHER = "other", "Someone else"


class YesNoNotKnown(Code):
    YES = "yes", "Yes"
    NO = "no", "No"
    NOT_KNOWN = "not_known", "Not known"


class ContactMethod(Code):
    TEXT = "text", "Text message"
    CALL = "call", "Phone call"
    CARER = "carer", "Through a parent or carer"
    SCHOOL = "school", "Through school"
    VISIT = "visit", "Home visit"
    EMAIL = "email", "E-mail"
    NOT_SAFE = "not_safe", "No safe way known yet"
