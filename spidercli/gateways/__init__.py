"""Everything that talks to the outside: Alibaba Cloud, the metadata service, Kubernetes."""
