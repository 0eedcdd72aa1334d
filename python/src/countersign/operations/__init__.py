"""Every operation, described once; :class:`countersign.Countersign` offers each in both worlds.

A function here runs nothing: it answers an :class:`~countersign.operations.operation.Operation`.
"""

from countersign.operations.account import (
    change_password,
    end_own_session,
    me,
    register,
    sessions,
    update_account,
)
from countersign.operations.clients import (
    add_client,
    client,
    delete_client,
    disable_client,
    enable_client,
    list_clients,
    rotate_client_secret,
)
from countersign.operations.imports import import_users
from countersign.operations.operation import Operation, awaitable, blocking
from countersign.operations.service import (
    compromise_key,
    jwks,
    list_events,
    list_keys,
    ready,
    rotate_keys,
    upkeep,
)
from countersign.operations.tokens import (
    introspect,
    login,
    logout,
    logout_all,
    refresh,
    revoke,
    start_session,
)
from countersign.operations.users import (
    add_user,
    delete_user,
    disable_user,
    enable_user,
    end_session,
    end_user_sessions,
    list_users,
    set_claims,
    set_grants,
    set_password,
    user,
    user_sessions,
)

__all__ = [
    "Operation",
    "add_client",
    "add_user",
    "awaitable",
    "blocking",
    "change_password",
    "client",
    "compromise_key",
    "delete_client",
    "delete_user",
    "disable_client",
    "disable_user",
    "enable_client",
    "enable_user",
    "end_own_session",
    "end_session",
    "end_user_sessions",
    "import_users",
    "introspect",
    "jwks",
    "list_clients",
    "list_events",
    "list_keys",
    "list_users",
    "login",
    "logout",
    "logout_all",
    "me",
    "ready",
    "refresh",
    "register",
    "revoke",
    "rotate_client_secret",
    "rotate_keys",
    "sessions",
    "set_claims",
    "set_grants",
    "set_password",
    "start_session",
    "update_account",
    "upkeep",
    "user",
    "user_sessions",
]
