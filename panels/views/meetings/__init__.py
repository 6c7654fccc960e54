"""Panel meetings from agenda to confirmed decisions."""

from panels.views.meetings import actions, agenda, attendance, live, minutes, planning  # noqa: F401 (register on bp)
