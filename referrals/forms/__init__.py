"""Forms of referrals, one module a group of pages."""
