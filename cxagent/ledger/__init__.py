"""The ledger: everything that was decided, allowed, done and said, and nothing that was merely thought."""
