"""The reading API: logs, reports, exports."""
