-- Who may use the AI while AI_REQUIRE_ALLOWLIST is on.

ALTER TABLE users ADD COLUMN IF NOT EXISTS ai_allowlisted BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET ai_allowlisted = TRUE WHERE email = 'user1@example.com';
COMMENT ON COLUMN users.ai_allowlisted IS 'may use the AI; see AI_REQUIRE_ALLOWLIST';
