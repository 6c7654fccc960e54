"""Panel meetings from agenda to confirmed decisions."""
