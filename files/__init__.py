"""Files that people add to referrals and cases: examined, sealed in pieces, checked for malware, given out as they are."""
