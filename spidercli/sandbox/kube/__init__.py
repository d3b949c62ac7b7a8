"""A Kubernetes API server in memory, with Spiderpool: faithful enough for kubectl and the official client."""
