"""Decision quality: audits, findings, the ladder of latitude, patterns and repairs, and what is measured of them."""
