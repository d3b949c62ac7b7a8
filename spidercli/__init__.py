"""Make Spiderpool's IP pools match the ENI addresses of an Alibaba Cloud Kubernetes cluster."""

__version__ = "0.1.0"
