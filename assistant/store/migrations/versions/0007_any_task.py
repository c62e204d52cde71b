"""The code checks a version's task against its table of tasks; the database takes any, so that a task can be added."""

from alembic import op

revision = "0007"
down_revision = "0006"

_OTHERS = "digest IN (SELECT digest FROM adapter_version WHERE task NOT IN ('question-similarity', 'portuguese-qa'))"


def upgrade() -> None:
    op.execute("ALTER TABLE adapter_version DROP CONSTRAINT adapter_version_task_check")


def downgrade() -> None:
    for table in ("stage_event", "adapter_fingerprints", "adapter_version"):
        op.execute(f"DELETE FROM {table} WHERE {_OTHERS}")
    op.execute(
        "ALTER TABLE adapter_version ADD CONSTRAINT adapter_version_task_check "
        "CHECK (task IN ('question-similarity', 'portuguese-qa'))"
    )
