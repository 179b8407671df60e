"""opskit: deploy, verify and keep Apache RocketMQ clusters that survive a hung nameserver."""

__version__ = "0.1.0"
