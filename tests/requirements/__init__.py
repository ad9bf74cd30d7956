"""The requirements as tests: one file per area, each test names the requirement that it shows."""
