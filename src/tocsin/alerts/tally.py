"""Which firing alerts mute others, and which may be muted, by the keys of the rules of inhibition. Pure."""

from __future__ import annotations


class Tally:
    """Changed only after a commit. See ``inhibition.Inhibitor``."""

    def __init__(self) -> None:
        self.sources: dict[str, dict[int, None]] = {}
        """By key: the alerts that fire and mute what has the key."""
        self.targets: dict[str, dict[int, None]] = {}
        self._keys: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def keys_of(self, number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the keys that an alert mutes, and those that mute it."""
        return self._keys.get(number, ((), ()))

    def change(self, *, added: bool, of_sources: bool, key: str, number: int) -> None:
        """Add an alert to a key, or take it out."""
        found = self.sources if of_sources else self.targets
        sources, targets = self._keys.get(number, ((), ()))
        mine = sources if of_sources else targets
        if added:
            found.setdefault(key, {})[number] = None
            mine = (*mine, key) if key not in mine else mine
        else:
            found.get(key, {}).pop(number, None)
            if not found.get(key):
                found.pop(key, None)
            mine = tuple(one for one in mine if one != key)
        sources, targets = (mine, targets) if of_sources else (sources, mine)
        if sources or targets:
            self._keys[number] = sources, targets
        else:
            self._keys.pop(number, None)
