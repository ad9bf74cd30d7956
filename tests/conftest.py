"""The settings of every test: no tracing, strict checkpoints, no haste for hypothesis."""

import os

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGGRAPH_CLI_NO_ANALYTICS"] = "1"

from hypothesis import settings

# A shared machine may stall one example for seconds; that is no defect of the code under test.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
