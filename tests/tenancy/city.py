"""Two organizations side by side: what one may see and do of the other is nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from application.batches.filling import fill
from application.flashlog import Flashlog
from application.settings import Settings
from tests.tenancy.tenant import FIRMWARE, Tenant, catalogue, settle
from tests.web.people import Caller, People
from tests.web.recorded import record_visit
from web.api.resource import OpenResource, Resource
from web.app import create_app


class City:
    """Two organizations side by side, and what all share."""

    def __init__(self, directory: Path) -> None:
        self.flashlog = Flashlog(
            Settings(
                data_dir=directory, request_rate_limit="off", token_rate_limit="off"
            )
        )
        self.flashlog.projector.catch_up()
        self.app: Flask = create_app(self.flashlog)
        self.client: FlaskClient = self.app.test_client()
        self.people = People(self.flashlog, self.client)
        self.admin = self.people.superuser()
        self.theirs = settle(self.admin, 1)
        self.ours = settle(self.admin, 2)
        self._share_a_build()
        for tenant in (self.theirs, self.ours):
            self.people_of(tenant)
            operation_id = UUID(tenant.ids["operation_id"])
            record_visit(self.flashlog, operation_id, printed=tenant.mark())
            tenant.position = self.flashlog.log.end()

    def caller(self, role: str, tenant: Tenant) -> Caller:
        make = getattr(self.people, role)
        made: Caller = make(UUID(tenant.ids["organization_id"]))
        return made

    def endpoints(self) -> Iterator[tuple[str, Resource]]:
        """Every resource with its URL, the things of them in place of parameters."""
        for rule in self.app.url_map.iter_rules():
            resource = getattr(self.app.view_functions[rule.endpoint], "__self__", None)
            if isinstance(resource, Resource) and not isinstance(
                resource, OpenResource
            ):
                yield rule.rule, resource

    def versions(self, tenant: Tenant) -> dict[str, int]:
        """How far the stories of everything of an organization have come."""
        recorder = self.flashlog.log.recorder
        return {
            name: recorder.version_of(UUID(found)) or 0
            for name, found in tenant.ids.items()
            if name != "firmware_id"
        }

    def _share_a_build(self) -> None:
        """Let both run a shared image, and upgrade both in one batch of all."""
        self.shared = Tenant(slug="shared")
        catalogue(self.admin, self.shared, None)
        build = self.shared.ids["build_id"]
        body = {"upgrade_all": True}
        answer = self.admin.post(f"{FIRMWARE}/build/{build}/upgrade/", json=body)
        assert answer.status_code == 201, answer.text
        self.shared.ids["batch_id"] = batch = answer.get_json()["batch"]
        fill(self.flashlog, UUID(batch), Event())
        self.flashlog.show(self.flashlog.log.end())
        for tenant in (self.theirs, self.ours):
            (row,) = self.flashlog.views.rows(
                "SELECT id FROM operation WHERE batch_id = ? AND device_id = ?",
                [batch, tenant.ids["new_device_id"]],
            )
            tenant.ids["operation_of_all"] = row["id"]

    def people_of(self, tenant: Tenant) -> None:
        organization = UUID(tenant.ids["organization_id"])
        user_id = self.people.user(organization, is_admin=True, name=tenant.word())
        tenant.ids["user_id"] = str(user_id)


def filled(rule: str, tenant: Tenant, shared: Tenant | None = None) -> str:
    """Put ids in place of a URL's parameters."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1).rpartition(":")[2]
        if found.group(1).startswith("int:"):
            return "1"
        ids = (shared.ids if shared else {}) | tenant.ids
        assert name in ids, f"{rule}: say in the tenant what {name} stands for"
        return ids[name]

    return re.sub(r"<([^>]+)>", value, rule)


def seen_in(answer_text: str, url: str, tenant: Tenant) -> set[str]:
    """Return what of an organization an answer tells that the question did not."""
    return {trace for trace in tenant.traces() if trace in answer_text.replace(url, "")}
