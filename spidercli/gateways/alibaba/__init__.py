"""Alibaba Cloud: credentials, endpoints, calls, and what their answers mean.

Entry points: `credentials.resolve`, `endpoints.resolve` and `client.AlibabaCloud`.
"""
