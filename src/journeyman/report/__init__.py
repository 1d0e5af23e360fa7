"""Receipts, KPI lines and pages: pure functions of events, then rendering."""
