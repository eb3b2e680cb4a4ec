"""Translation between each cloud's own requests and events and ours. One module a cloud, nothing else inside."""
