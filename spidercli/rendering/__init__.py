"""Values into manifests, through templates that users may replace."""
