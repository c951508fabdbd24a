"""What pyproject.toml cannot say: the pages and the checkpoints lie beside the package, and are installed inside it."""

from __future__ import annotations

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py


class BuildPython(build_py):
    """Leaves this file out of the folder that holds ``app.py``."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """All modules of a package: (package, module, file)."""
        found = super().find_package_modules(package, package_dir)
        return [module for module in found if module[:2] != ("dnag._app", "setup")]


setup(
    packages=[*find_namespace_packages(include=["dnag", "dnag.*"]), "dnag._app", "dnag._app.pages"],
    package_dir={"dnag._app": ".", "dnag._app.pages": "pages"},
    cmdclass={"build_py": BuildPython},
)
