"""A kind of firmware."""

from uuid import UUID

from domain.base import Aggregate, Event


class CategoryEvent(Event, frozen=True, kw_only=True):
    """A fact of a category."""


class CategoryCreated(CategoryEvent, frozen=True, kw_only=True):
    TOPIC = "Category:Created"

    name: str
    organization_id: UUID | None
    description: str = ""
    by: UUID | None = None

    def apply(self, category: "Category") -> None:
        category.name = self.name
        category.organization_id = self.organization_id
        category.description = self.description


class CategoryChanged(CategoryEvent, frozen=True, kw_only=True):
    """Everything that may be changed, as it is from now on."""

    TOPIC = "Category:Changed"

    name: str
    organization_id: UUID | None
    description: str
    by: UUID | None = None

    def apply(self, category: "Category") -> None:
        category.name = self.name
        category.organization_id = self.organization_id
        category.description = self.description


class CategoryDeleted(CategoryEvent, frozen=True, kw_only=True):
    TOPIC = "Category:Deleted"

    by: UUID | None = None

    def apply(self, category: "Category") -> None:
        category.is_deleted = True


class Category(Aggregate):
    """A kind of firmware; without an organization it is shared by all."""

    name: str
    organization_id: UUID | None
    description: str

    @classmethod
    def create(cls, category_id: UUID, created: CategoryCreated) -> "Category":
        category = cls(category_id)
        category.record(created)
        return category

    def change(self, changed: CategoryChanged) -> None:
        self.record(changed)

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(CategoryDeleted(by=by))


CategoryEvent.AGGREGATE = Category
