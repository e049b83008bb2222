"""Real SSH servers on loopback: dropbear and OpenSSH's sshd.

They run in a mount namespace of their own, where the account they let in has a known
password, known keys and an empty home; nothing of the machine's accounts is touched. A
PID namespace takes their sessions along when they end.
"""

import contextlib
import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

PASSWORD = "correct horse"  # what the hash below is made of
_PASSWORD_HASH = (
    "$6$flashlogtests$RZIZSEDFDsAo7VEKWb0bXbR"
    "ln1qHGUXJTpNYKbqRUVVWPs1vLpvt.bq5.kp4I0sml1yEvsaPEZs/ngTkUti8z/"
)
DROPBEAR_WINDOW_BYTES = 24576  # OpenWrt up to 22.03
_READY_SECONDS = 60.0
_STARTS_MAX = 5
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Daemon(msgspec.Struct, frozen=True, kw_only=True):
    """A server that listens; `home` is the home of the account it lets in."""

    port: int
    username: str
    home: Path
    log: Path


def missing() -> str | None:
    """Say in one line why the servers cannot run here; None when they can."""
    programs = ("dropbear", "dropbearkey", "sshd", "ssh", "ssh-keygen", "unshare")
    absent = [name for name in programs if shutil.which(name, path=_PATH) is None]
    if absent:
        return f"real SSH servers need {', '.join(absent)} (make test-tools)"
    if not Path(pwd.getpwuid(os.getuid()).pw_dir).is_dir():
        return "real SSH servers need an account with a home directory"
    if not _may_unshare():
        return "real SSH servers need the right to make namespaces"
    return None


@functools.cache
def _may_unshare() -> bool:
    tried = subprocess.run(
        [*_namespace(), "mount", "-t", "tmpfs", "tmpfs", "/run"],
        capture_output=True,
        check=False,
        timeout=20,
    )
    return tried.returncode == 0


def _namespace() -> list[str]:
    user = [] if os.getuid() == 0 else ["--user", "--map-current-user"]
    # With a user namespace alone nobody may mount, so keep the capabilities.
    keep = [] if os.getuid() == 0 else ["--keep-caps"]
    return ["unshare", *user, *keep, "--mount", "--pid", "--fork", "--kill-child=KILL"]


def username() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def make_host_keys(folder: Path) -> None:
    """Make the host keys that the servers are told to use."""
    for kind in ("ed25519", "rsa"):
        _quietly("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", f"{folder}/{kind}")
        _quietly("dropbearkey", "-t", kind, "-f", f"{folder}/dropbear_{kind}")


def make_user_key(path: Path) -> None:
    """Make a key pair for a log-in at `path` and `path`.pub."""
    _quietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))


@contextlib.contextmanager
def dropbear(
    folder: Path,
    *,
    authorized: str = "",
    host_keys: tuple[str, ...] = ("ed25519", "rsa"),
    window_bytes: int = DROPBEAR_WINDOW_BYTES,
) -> Iterator[Daemon]:
    """Run dropbear; `folder` holds what `make_host_keys` made."""
    keys = [part for kind in host_keys for part in ("-r", f"{folder}/dropbear_{kind}")]

    def command(port: int) -> list[str]:
        where = f"127.0.0.1:{port}"
        return ["dropbear", "-F", "-E", "-p", where, "-W", str(window_bytes), *keys]

    with _running("dropbear", command, folder, authorized) as daemon:
        yield daemon


@contextlib.contextmanager
def sshd(
    folder: Path, *, authorized: str = "", sessions_max: int = 10
) -> Iterator[Daemon]:
    """Run OpenSSH's server; 10 sessions a connection are its own default."""

    def command(port: int) -> list[str]:
        settings = folder / f"sshd_config_{port}"
        settings.write_text(
            f"ListenAddress 127.0.0.1:{port}\n"
            f"HostKey {folder}/ed25519\nHostKey {folder}/rsa\n"
            f"MaxSessions {sessions_max}\nPidFile none\nUsePAM no\nStrictModes no\n"
            "PermitRootLogin yes\nPasswordAuthentication yes\n"
        )
        # It wants its own name with its path, because it starts itself again.
        program = shutil.which("sshd", path=_PATH)
        return [str(program), "-D", "-e", "-f", str(settings)]

    with _running("sshd", command, folder, authorized) as daemon:
        yield daemon


@contextlib.contextmanager
def _running(
    name: str, command: Callable[[int], list[str]], folder: Path, authorized: str
) -> Iterator[Daemon]:
    account = pwd.getpwuid(os.getuid())
    home = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
    (home / ".ssh").mkdir(mode=0o700)
    (home / ".ssh" / "authorized_keys").write_text(authorized)
    passwd = home / "passwd"
    passwd.write_text(
        "".join(f"{line}\n" for line in _accounts(account)), encoding="utf-8"
    )
    shadow = home / "shadow"
    shadow.write_text(f"{account.pw_name}:{_PASSWORD_HASH}:19000:0:99999:7:::\n")
    inside = (
        'mount -t tmpfs tmpfs /run && mkdir -p /run/sshd && mount --bind "$1" "$2"'
        ' && mount --bind "$3" /etc/passwd && mount --bind "$4" /etc/shadow'
        ' && shift 4 && exec "$@"'
    )
    log = home / "log"
    for _ in range(_STARTS_MAX):
        port = free_port()
        with log.open("ab") as output:
            process = subprocess.Popen(
                [
                    *_namespace(),
                    *("sh", "-c", inside, "sh", home, account.pw_dir, passwd, shadow),
                    *command(port),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": _PATH, "HOME": str(home)},
            )
        try:
            if _answers(process, port):
                yield Daemon(port=port, username=account.pw_name, home=home, log=log)
                return
        finally:
            process.kill()
            process.wait(60)
    raise AssertionError(f"{name} does not start: {log.read_text()[-500:]}")


def _accounts(account: pwd.struct_passwd) -> Iterator[str]:
    name, home = account.pw_name, account.pw_dir
    yield f"{name}:x:{account.pw_uid}:{account.pw_gid}::{home}:/bin/sh"
    with contextlib.suppress(KeyError):  # sshd's own, for what it does before a log-in
        own = pwd.getpwnam("sshd")
        yield f"sshd:x:{own.pw_uid}:{own.pw_gid}::/run/sshd:/usr/sbin/nologin"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=5) as probe,
        ):
            return probe.recv(4) == b"SSH-" and process.poll() is None
        time.sleep(0.02)
    return False


def _quietly(*command: str) -> None:
    subprocess.run(
        command, check=True, capture_output=True, timeout=60, env={"PATH": _PATH}
    )
