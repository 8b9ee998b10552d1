"""From events and from what scans find to logs in the spool."""
