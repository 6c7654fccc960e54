"""Referrals: sending, tracking, triage, and stepping up to the front door."""
