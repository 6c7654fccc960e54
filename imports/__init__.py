"""Lists of referrals from one agency: a template, a report by row and column, then referrals from the rows that are fine."""
