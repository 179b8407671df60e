"""What the operator declared: an Ansible inventory becomes a typed, frozen Cluster."""
