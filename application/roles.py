"""What may be permitted, and the groups that are always there, as others name them."""

from domain.group import ADMINISTRATOR, BUILT_IN, OPERATOR
from domain.permissions import BY_NUMBER, PERMISSIONS, Permission

__all__ = [
    "ADMINISTRATOR",
    "BUILT_IN",
    "BY_NUMBER",
    "OPERATOR",
    "PERMISSIONS",
    "Permission",
]
