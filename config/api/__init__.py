"""What every REST view shares: errors, pages, parsers, renderers, filters, batches, schema."""
