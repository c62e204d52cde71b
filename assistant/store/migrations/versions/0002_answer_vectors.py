"""Vectors of the answers' own texts, beside those of the questions."""

from alembic import op

revision = "0002"
down_revision = "0001"

_UP = """
ALTER TABLE answer ADD COLUMN answer_digest text;
UPDATE answer SET answer_digest = encode(sha256(convert_to(answer, 'UTF8')), 'hex');
ALTER TABLE answer ALTER COLUMN answer_digest SET NOT NULL;
CREATE INDEX answer_answer_digest ON answer (answer_digest);
-- As phrasing_vector, in a table of its own, so that a search among questions never walks past answers.
CREATE TABLE answer_vector (
    digest text NOT NULL,
    model text NOT NULL CHECK (model <> ''),
    embedding vector NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (digest, model)
);
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute("DROP TABLE answer_vector")
    op.execute("ALTER TABLE answer DROP COLUMN answer_digest")
