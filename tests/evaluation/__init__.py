"""The harness's own exam: does it measure what it says, and does it catch what it must?"""
