"""What pyproject.toml cannot say: the pages and the checkpoints lie beside the package, and are installed inside it."""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages(include=["dnag", "dnag.*"]), "dnag._app", "dnag._app.pages"],
    package_dir={"dnag._app": ".", "dnag._app.pages": "pages"},
)
