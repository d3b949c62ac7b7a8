"""An Alibaba Cloud in memory: ECS, VPC and STS over the RPC protocol, and instance metadata."""
