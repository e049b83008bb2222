"""With what a connection is closed: RFC 6455 section 7.4.1, its registry, our own."""

GOING_AWAY = 1001
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TOO_SLOW = 4008
