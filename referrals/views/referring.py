"""Making a referral, one question a page."""
