"""Past audits: kept, compared, forgotten."""
