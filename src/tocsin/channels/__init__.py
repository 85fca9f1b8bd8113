"""One folder per way to reach people and systems. Each passes the same contract tests."""
