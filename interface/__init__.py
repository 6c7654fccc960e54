"""The referral interface: other organisations' systems send referrals and ask what became of them."""
