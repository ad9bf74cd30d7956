"""Decision quality: the tests of audits, findings, the ladder and what is measured of them."""
