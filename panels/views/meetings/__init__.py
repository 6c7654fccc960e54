"""Panel meetings from agenda to confirmed decisions."""

from panels.views.meetings import actions, agenda, attendance, live, planning  # noqa: F401 (register on bp)
from panels.views.meetings import minutes as minutes
