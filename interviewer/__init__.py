"""A conversational interviewer: asks from a written guide, listens, probes, grades, and quotes the candidate."""

import os

# onnxruntime sends telemetry from 1.32 on unless told not to before it is imported. Nothing here phones home.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
