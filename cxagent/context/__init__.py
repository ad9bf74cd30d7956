"""The context auditor's judgement: who writes, what is known of the account, how it stands; pure."""

from cxagent.context.audit import ContextAudit, audit

__all__ = ["ContextAudit", "audit"]
