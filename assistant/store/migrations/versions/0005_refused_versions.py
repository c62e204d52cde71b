"""That the app did not take a version into service is an event."""

from alembic import op

revision = "0005"
down_revision = "0004"

_ACTIONS = "'added', 'promoted', 'displaced', 'archived', 'rolled back', 'published', 'calibrated'"


def upgrade() -> None:
    _allow(f"{_ACTIONS}, 'refused'")


def downgrade() -> None:
    op.execute("DELETE FROM stage_event WHERE action = 'refused'")
    _allow(_ACTIONS)


def _allow(actions: str) -> None:
    op.execute("ALTER TABLE stage_event DROP CONSTRAINT stage_event_action_check")
    op.execute(f"ALTER TABLE stage_event ADD CONSTRAINT stage_event_action_check CHECK (action IN ({actions}))")
