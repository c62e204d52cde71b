"""Answers with their phrasings and vectors; interactions with what was shown and what was said of it."""

from alembic import op

revision = "0001"
down_revision = None

_LANGUAGE = "CHECK (language IN ('en', 'pt'))"

_ANSWERS = f"""
CREATE TABLE answer (
    id text PRIMARY KEY CHECK (id <> ''),
    question text NOT NULL CHECK (question <> ''),
    answer text NOT NULL CHECK (answer <> ''),
    language text NOT NULL {_LANGUAGE},
    tags text[] NOT NULL DEFAULT '{{}}',
    author text NOT NULL DEFAULT '',
    date date,
    digest text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, language)
);
-- The question itself is position 0. The language is repeated here so that every search
-- channel can filter by it without a join; the key keeps it equal to the answer's.
-- `terms` are the stems of the phrasing (weight A) and of the answer (weight D).
CREATE TABLE phrasing (
    answer_id text NOT NULL,
    position int NOT NULL CHECK (position >= 0),
    language text NOT NULL {_LANGUAGE},
    text text NOT NULL CHECK (text <> ''),
    digest text NOT NULL,
    terms tsvector NOT NULL,
    ngrams tsvector NOT NULL,
    PRIMARY KEY (answer_id, position),
    FOREIGN KEY (answer_id, language) REFERENCES answer (id, language) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX phrasing_digest ON phrasing (digest);
CREATE INDEX phrasing_terms ON phrasing USING gin (terms);
CREATE INDEX phrasing_ngrams ON phrasing USING gin (ngrams);
-- In how many phrasings each stem and n-gram stands: rare ones tell more, and Postgres's own
-- ranking does not know. The kind 'all' counts the phrasings themselves.
CREATE TABLE token_frequency (
    kind text NOT NULL CHECK (kind IN ('all', 'term', 'ngram')),
    token text NOT NULL,
    phrasings int NOT NULL CHECK (phrasings >= 0),
    PRIMARY KEY (kind, token)
);
CREATE FUNCTION count_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Sorted, so that two writers take the rows in one order.
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        UPDATE token_frequency f SET phrasings = f.phrasings - gone.number FROM (
            SELECT kind, token, count(*) AS number FROM (
                SELECT 'all' AS kind, '' AS token FROM old_rows
                UNION ALL SELECT 'term', (unnest(terms)).lexeme FROM old_rows
                UNION ALL SELECT 'ngram', (unnest(ngrams)).lexeme FROM old_rows) AS tokens
            GROUP BY kind, token ORDER BY kind, token) AS gone
        WHERE f.kind = gone.kind AND f.token = gone.token;
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
        INSERT INTO token_frequency AS f
            SELECT kind, token, count(*) FROM (
                SELECT 'all' AS kind, '' AS token FROM new_rows
                UNION ALL SELECT 'term', (unnest(terms)).lexeme FROM new_rows
                UNION ALL SELECT 'ngram', (unnest(ngrams)).lexeme FROM new_rows) AS tokens
            GROUP BY kind, token ORDER BY kind, token
        ON CONFLICT (kind, token) DO UPDATE SET phrasings = f.phrasings + excluded.phrasings;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER phrasing_added AFTER INSERT ON phrasing REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_tokens();
CREATE TRIGGER phrasing_removed AFTER DELETE ON phrasing REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_tokens();
CREATE TRIGGER phrasing_edited AFTER UPDATE ON phrasing REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_tokens();
-- Keyed by text, not by answer: equal texts share a vector, an import may bring vectors
-- before its rows are visible, and vectors of several models live side by side. Hence no
-- fixed dimension; each model gets its own partial HNSW index when it is first used.
CREATE TABLE phrasing_vector (
    digest text NOT NULL,
    model text NOT NULL CHECK (model <> ''),
    embedding vector NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (digest, model)
);
-- Things that happen once in a library's life, such as the loading of the sample.
CREATE TABLE milestone (name text PRIMARY KEY, reached_at timestamptz NOT NULL DEFAULT now());
"""

_INTERACTIONS = f"""
CREATE TABLE interaction (
    id uuid PRIMARY KEY,
    conversation uuid,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    who text NOT NULL,
    question text NOT NULL,
    base text NOT NULL,
    adapter text,
    prompt_version text NOT NULL,
    durations jsonb NOT NULL,
    no_match boolean NOT NULL,
    ambiguous boolean NOT NULL
);
CREATE INDEX interaction_conversation ON interaction (conversation, asked_at) WHERE conversation IS NOT NULL;
CREATE INDEX interaction_asked_at ON interaction (asked_at);
CREATE TABLE interaction_part (
    interaction_id uuid NOT NULL REFERENCES interaction ON DELETE CASCADE,
    part_index int NOT NULL CHECK (part_index >= 0),
    asked text NOT NULL,
    language text NOT NULL {_LANGUAGE},
    ambiguous boolean NOT NULL,
    PRIMARY KEY (interaction_id, part_index)
);
-- What was shown, as it was then. No key to answer: history outlives a deleted answer.
CREATE TABLE interaction_match (
    interaction_id uuid NOT NULL,
    part_index int NOT NULL,
    answer_id text NOT NULL,
    near_miss boolean NOT NULL,
    rank int NOT NULL CHECK (rank >= 0),
    question text NOT NULL,
    answer text NOT NULL,
    answer_language text NOT NULL CHECK (answer_language IN ('en', 'pt')),
    tags text[] NOT NULL,
    author text NOT NULL,
    date date,
    phrasing text NOT NULL,
    cosine double precision NOT NULL,
    score double precision NOT NULL,
    probability double precision CHECK (probability BETWEEN 0 AND 1),
    label text NOT NULL CHECK (label IN ('same', 'different', 'unjudged')),
    signals jsonb NOT NULL,
    asked_only text[] NOT NULL,
    past_only text[] NOT NULL,
    reason text,
    reason_hidden text,
    reason_at timestamptz,
    PRIMARY KEY (interaction_id, part_index, answer_id),
    UNIQUE (interaction_id, part_index, near_miss, rank),
    FOREIGN KEY (interaction_id, part_index) REFERENCES interaction_part ON DELETE CASCADE
);
CREATE INDEX interaction_match_answer ON interaction_match (answer_id);
CREATE TABLE feedback (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    interaction_id uuid NOT NULL REFERENCES interaction ON DELETE CASCADE,
    answer_id text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('used', 'edited', 'rejected', 'up', 'down')),
    note text NOT NULL,
    edited_text text NOT NULL,
    who text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX feedback_interaction ON feedback (interaction_id, id);
CREATE INDEX feedback_at ON feedback (at);
"""


def upgrade() -> None:
    op.execute(_ANSWERS)
    op.execute(_INTERACTIONS)


def downgrade() -> None:
    op.execute("DROP TABLE feedback, interaction_match, interaction_part, interaction")
    op.execute("DROP TABLE milestone, phrasing_vector, phrasing, answer, token_frequency")
    op.execute("DROP FUNCTION count_tokens")
