"""Where a user's own plugin data lie: see ``core.files.user_places``."""

from core.files.user_places import UserPlaces, user_places

__all__ = ["UserPlaces", "user_places"]
