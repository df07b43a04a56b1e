"""WeCom (企业微信): customer service, customer contact, messages to reps; wechatpy lives here and nowhere else."""

from connectors.wecom.connector import WeComConnector
from connectors.wecom.settings import Settings

__all__ = ["Settings", "WeComConnector"]
