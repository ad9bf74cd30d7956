"""cxagent lets an AI answer business customers only as far as the account behind the request allows."""

__version__ = "0.1.0"
