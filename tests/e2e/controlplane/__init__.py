"""A real Kubernetes control plane with the real spiderpool-controller, on loopback, while a `with` block lasts."""
