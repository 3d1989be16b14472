"""Recipes by name or path: where they lie, and what their text tells before anything heavy is loaded.

Knows files. Does not know what a recipe trains; nothing here imports torch, so that a wrong name is told at
once.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

PACKAGE: Final = "limner.training.recipes"
FOLDER: Final = Path(__file__).parent / "recipes"


@dataclass(frozen=True, kw_only=True)
class RecipeFile:
    """What the text of a recipe's file shows. `scales`, and the `kinds` of dialogue that its mixes name, are
    None where the text alone does not show them.
    """

    path: Path
    is_pipeline: bool
    has_variants: bool  # also where the text alone does not tell
    scales: tuple[str, ...] | None
    kinds: tuple[str, ...] | None


def recipe_names() -> list[str]:
    """The names of the recipes in the package."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def recipe_path(path_or_name: str, beside: Path | None = None) -> Path:
    """The file of a recipe: a path that ends in .py as it stands, else one in `beside`, else the package's.

    Raises:
        ValueError: there is none; the sentence lists the package's.
    """
    named = f"{path_or_name}.py"
    path = Path(path_or_name)
    if path.suffix != ".py":
        is_name = path.name == path_or_name
        own = beside is not None and is_name and (beside / named).is_file()
        path = beside / named if own and beside is not None else FOLDER / named
        if not is_name or (path.stem not in recipe_names() and not own):
            path = Path(named)
    if not path.is_file() or path.stem == "__init__":
        raise ValueError(
            f"There is no recipe {path_or_name}; there are: {', '.join(recipe_names())}. "
            "For one of your own, give the path of its .py file."
        )
    return path


def read_recipe(path_or_name: str, beside: Path | None = None) -> RecipeFile:
    """A recipe's file, read and not run.

    Raises:
        ValueError: there is none, it is no Python, or it defines neither `recipe` nor `pipeline`.
    """
    path = recipe_path(path_or_name, beside)
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path} is no recipe: {error}.") from error
    made = {name: part for part in body for name in _names(part)}
    if "recipe" not in made and "pipeline" not in made:
        raise ValueError(f"{path} defines neither recipe(scale) nor pipeline(scale), so it is not a recipe.")
    recipe = made.get("recipe")
    takes_variant = not isinstance(recipe, ast.FunctionDef) or "variant" in {
        argument.arg for argument in recipe.args.args
    }
    return RecipeFile(
        path=path,
        is_pipeline="pipeline" in made,
        has_variants=recipe is not None and takes_variant,
        scales=_keys(getattr(made.get("PLANS"), "value", None)),
        kinds=_kinds(body, made),
    )


def load_recipe(path_or_name: str, beside: Path | None = None) -> ModuleType:
    """The module of a recipe. ValueError as `read_recipe`."""
    path = read_recipe(path_or_name, beside).path
    if path.parent == FOLDER:
        return importlib.import_module(f"{PACKAGE}.{path.stem}")
    spec = importlib.util.spec_from_file_location(f"recipe_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _names(part: ast.stmt) -> list[str]:
    """What a statement of a module defines."""
    if isinstance(part, ast.FunctionDef):
        return [part.name]
    targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _kinds(body: Sequence[ast.stmt], made: Mapping[str, ast.stmt]) -> tuple[str, ...] | None:
    """The names in all that is given as `mix=`, where each is written out here."""
    given = [
        node.value
        for part in body
        for node in ast.walk(part)
        if isinstance(node, ast.keyword) and node.arg == "mix"
    ]
    kinds: dict[str, None] = {}
    for value in given:
        named = made.get(value.id) if isinstance(value, ast.Name) else None
        keys = _keys(value if named is None else getattr(named, "value", None))
        if keys is None:
            return None
        kinds |= dict.fromkeys(keys)
    return tuple(kinds) or None


def _keys(value: ast.expr | None) -> tuple[str, ...] | None:
    """The keys of a dict, where they are written out."""
    if not isinstance(value, ast.Dict):
        return None
    keys = [key.value for key in value.keys if isinstance(key, ast.Constant)]
    return tuple(map(str, keys)) if len(keys) == len(value.keys) else None
