"""A version's calibration is an event."""

from alembic import op

revision = "0004"
down_revision = "0003"

_ACTIONS = "'added', 'promoted', 'displaced', 'archived', 'rolled back', 'published'"


def upgrade() -> None:
    _allow(f"{_ACTIONS}, 'calibrated'")


def downgrade() -> None:
    op.execute("DELETE FROM stage_event WHERE action = 'calibrated'")
    _allow(_ACTIONS)


def _allow(actions: str) -> None:
    op.execute("ALTER TABLE stage_event DROP CONSTRAINT stage_event_action_check")
    op.execute(f"ALTER TABLE stage_event ADD CONSTRAINT stage_event_action_check CHECK (action IN ({actions}))")
