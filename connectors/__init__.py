"""Whom the hub talks to. One folder a platform, always the same rooms: webhook, translate, client, connector."""
