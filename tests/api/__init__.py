"""Tests of the HTTP API, over a desk with drafts that wait."""
