"""OpenWrt's releases as far as they differ for who upgrades them."""

from dataclasses import dataclass

from application.simulation.setup import generation


@dataclass(frozen=True)
class Quirks:
    """How one release behaves; `generation` is 2305 for 23.05.4."""

    generation: int

    @property
    def window_bytes(self) -> int:
        """dropbear's receive window: 24 KiB up to 22.03, then 256 KiB."""
        return 262144 if self.generation >= 2305 else 24576

    @property
    def host_key_types(self) -> tuple[str, ...]:
        """18.06 and 19.07 know RSA only."""
        return ("rsa",) if self.generation < 2102 else ("ed25519", "rsa")

    @property
    def answers_after_procd_took_over(self) -> bool:
        """22.03 and later end with 246; earlier the session is killed first."""
        return self.generation >= 2203

    @property
    def complains_on_stderr(self) -> bool:
        return self.generation >= 1907

    @property
    def dates_its_lines(self) -> bool:
        return self.generation >= 2102

    @property
    def knows_compat_version(self) -> bool:
        return self.generation >= 2102


def quirks_of(release: str) -> Quirks:
    return Quirks(generation(release))
