"""a fingerprint of a member of staff's home postcode"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('user_account', sa.Column('home_token', sa.LargeBinary(length=16), nullable=True))
    op.add_column('user_account', sa.Column('home_given_on', sa.Date(), nullable=True))
    op.add_column('user_account', sa.Column('home_is_confirmed', sa.Boolean(), server_default=sa.text('false'), nullable=False))


def downgrade() -> None:
    op.drop_column('user_account', 'home_is_confirmed')
    op.drop_column('user_account', 'home_given_on')
    op.drop_column('user_account', 'home_token')
