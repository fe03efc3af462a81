-- Guided reviews: one a user and day, its items, and how many days in a row.
CREATE TABLE IF NOT EXISTS guided_reviews (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    review_date DATE NOT NULL,
    status VARCHAR(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_progress', 'completed')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    UNIQUE (user_id, review_date)
);

CREATE TABLE IF NOT EXISTS guided_review_items (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    review_id UUID NOT NULL REFERENCES guided_reviews (id) ON DELETE CASCADE,
    trade_id BIGINT REFERENCES trades (id) ON DELETE SET NULL,
    answers JSONB NOT NULL DEFAULT '{}'::jsonb
);

CREATE TABLE IF NOT EXISTS user_streaks (
    user_id UUID PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    current_streak INT NOT NULL DEFAULT 0,
    last_review_date DATE
);

CREATE INDEX IF NOT EXISTS idx_guided_reviews_user_date ON guided_reviews (user_id, review_date DESC);

CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS TRIGGER AS $$
BEGIN
    NEW.updated_at = NOW(); -- the only column; nothing else
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER guided_reviews_touch BEFORE UPDATE ON guided_reviews
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
