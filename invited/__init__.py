"""Referrals from people without an account: by one-time link, or from young people and families; kept apart until accepted."""
