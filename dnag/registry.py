"""Families of interchangeable components: one file each, found by name.

A family (search spaces, SDEs, samplers, ...) is a package whose ``base`` module holds an abstract class and a
``Registry``; every sibling file registers one class by decorator. Listing the registry imports the siblings, so a new
file is picked up by the command line, the app and the contract tests without touching an index. A sibling that fails
to import fails loudly.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")
JSON = None | bool | int | float | str | list[Any] | dict[str, Any]


class UnknownNameError(ValueError):
    """A name that no registered component has; the message lists those that exist."""

    def __init__(self, kind: str, name: object, allowed: list[str]):
        super().__init__(f"unknown {kind} {name!r}; allowed: {', '.join(allowed)}")


class Registry(Mapping[str, type[T]], Generic[T]):
    """Name -> class, filled by :meth:`register`, discovered lazily from the files of ``package``.

    Args:
        kind: what a member is called in messages, such as ``"sampler"``.
        package: dotted name of the package whose modules hold the members.
    """

    def __init__(self, kind: str, package: str):
        self.kind = kind
        self.package = package
        self._classes: dict[str, type[T]] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Class decorator. A second, different class of the same name is a ``ValueError``; a reload is fine."""

        def add(cls: type[T]) -> type[T]:
            known = self._classes.get(name)
            if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                raise ValueError(
                    f"{self.kind} {name!r} is registered twice: by {known.__module__}.{known.__qualname__} "
                    f"and by {cls.__module__}.{cls.__qualname__}"
                )
            cls.name = name  # type: ignore[attr-defined]
            self._classes[name] = cls
            return cls

        return add

    def _discover(self) -> None:
        if not self._discovered:
            package = importlib.import_module(self.package)
            for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
                importlib.import_module(f"{self.package}.{module}")
            self._discovered = True  # only now: another thread, or a second try, must not take a part for the whole

    def __getitem__(self, name: str) -> type[T]:
        self._discover()
        try:
            return self._classes[name]
        except (KeyError, TypeError):
            raise UnknownNameError(self.kind, name, sorted(self._classes)) from None

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._classes

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(sorted(self._classes))

    def __len__(self) -> int:
        self._discover()
        return len(self._classes)


def to_config(component: Any) -> dict[str, JSON]:
    """The JSON description of a registered dataclass, and of those in its fields: ``{"type": name, **fields}``."""
    fields = {field.name: _plain(getattr(component, field.name)) for field in dataclasses.fields(component)}
    return {"type": component.name, **fields}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_config(value) if hasattr(value, "name") else dataclasses.asdict(value)
    return value


def from_config(registry: Registry[T], config: Mapping[str, JSON]) -> T:
    """Rebuild a component from :func:`to_config`. Unknown types and unknown fields are errors that name them."""
    fields = dict(config)
    cls = registry[fields.pop("type", None)]  # type: ignore[index]
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise ValueError(
            f"unknown field {unknown[0]!r} for {registry.kind} {cls.name!r}; "  # type: ignore[attr-defined]
            f"allowed: {', '.join(known) or 'none'}"
        )
    return cls(**fields)
