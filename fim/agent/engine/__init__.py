"""From what was told and what scans find to logs in the spool."""
