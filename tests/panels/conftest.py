"""What several files of this folder begin with."""

import pytest

from tests.factories import meetings as make


@pytest.fixture
def started(acting, known):
    """A meeting under way with one item and quorum: its id and the referral's."""
    referral = make.ready_referral(acting, known)
    return make.meeting(acting, known, referrals=(referral,), started=True), referral
