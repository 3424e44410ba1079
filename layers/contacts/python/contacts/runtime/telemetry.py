"""Logs, metrics and traces. Ids and counts only: rows, e-mails and phones never reach them."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger()
metrics = Metrics()
tracer = Tracer()
