"""Tests of the review inbox as people meet it: pages, forms, keys, and a real browser."""
