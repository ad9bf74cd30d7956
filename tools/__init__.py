"""The tools of the reference deployment: one function, one declaration each, kept in a sandbox.

Add a tool: write a function under `@action`, name it in its module's `TOOLS`, give it a ceiling in the playbook.
"""

from . import access, afterwards, billing, crm, helpdesk, subscription

TOOLS = (*helpdesk.TOOLS, *billing.TOOLS, *subscription.TOOLS, *access.TOOLS, *crm.TOOLS, *afterwards.TOOLS)
