"""Faults between the functions and AWS, and what must hold after them: `python -m tests.soak.wire_faults`."""
