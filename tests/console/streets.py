"""Two organizations, and the browsers of all who work there."""

import re
from typing import Any

from werkzeug.test import TestResponse

from tests.console.pages import CSRF, Browser
from tests.tenancy.city import City
from tests.tenancy.tenant import Tenant


class Streets:
    """The pages of a city, and who looks at them."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._browsers: dict[tuple[str, str], Browser] = {}
        for tenant in (city.theirs, city.ours):
            tenant.ids["round_id"] = self._visit(tenant)

    def browser(self, role: str, tenant: Tenant) -> Browser:
        """Return somebody with this role, always the same person."""
        key = (role, tenant.slug)
        if key not in self._browsers:
            user_id = self.city.caller(role, tenant).user_id
            assert user_id
            self._browsers[key] = Browser(self.city.flashlog, user_id, self.city.app)
        return self._browsers[key]

    def superuser(self) -> Browser:
        user_id = self.city.admin.user_id
        assert user_id
        return Browser(self.city.flashlog, user_id, self.city.app)

    def ask(
        self, browser: Browser, method: str, path: str, **sent: Any
    ) -> TestResponse:
        """Ask for a page; what guards against forgery is with it."""
        headers = {"X-CSRFToken": CSRF}
        answer = browser.client.open(path, method=method, headers=headers, **sent)
        assert answer.status_code < 500, (method, path, answer.text)
        assert "json" not in str(answer.mimetype), (method, path, answer.text)
        return answer

    def _visit(self, tenant: Tenant) -> str:
        """Have a device looked at, so that there is something to see of it."""
        browser = self.browser("administrator", tenant)
        path = f"/devices/{tenant.ids['device_id']}/check/"
        found = re.search(r"[0-9a-f-]{36}", browser.post(path).headers["Location"])
        assert found
        return found[0]
