"""A cloud and a cluster to try everything on, embedded: the same protocols over HTTP, no account needed."""
