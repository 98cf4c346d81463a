"""Lists of paths as RequireGate takes them."""

from collections.abc import Iterable


class Paths:
    """Exact paths, and prefixes ending in `/**`. One trailing slash is ignored."""

    def __init__(self, name: str, paths: Iterable[str]) -> None:
        if isinstance(paths, str):
            raise TypeError(f"{name} is a list of paths, not the single text {paths!r}")
        self._exact: set[str] = set()
        self._below: list[str] = []
        for path in paths:
            prefix = path.removesuffix("/**")
            if not path.startswith("/") or set(prefix) & set("*{}"):
                raise ValueError(f"{name}: {path!r} is neither an exact path nor a prefix ending in /**")
            self._exact.add(_without_slash(prefix))
            if prefix != path:
                self._below.append(prefix + "/")

    def __contains__(self, path: str) -> bool:
        return _without_slash(path) in self._exact or path.startswith(tuple(self._below))


def _without_slash(path: str) -> str:
    return path.removesuffix("/")
