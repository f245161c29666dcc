"""Addresses of PostgreSQL: what libpq and the hosts of databases write, made sense of.

Each parameter works, or is refused by its name with what to do instead. What
none of them says is taken from the environment, as `asyncpg` does it: PGHOST,
PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGPASSFILE, PGSERVICE, PGSSLMODE, ...
"""

import os
import re
import shlex
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl, quote, unquote, urlencode

from ....errors import ConfigurationError

Host = tuple[str, int | None]

_PARTS = re.compile(r"//([^/?]*)(/[^?]*)?(?:\?(.*))?")
_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+asyncpg", "postgres+asyncpg"})
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_CERTAIN_MODES = _SSL_MODES[3:]
_SESSIONS = ("any", "primary", "standby", "prefer-standby", "read-write", "read-only")
_TLS_FILES = ("sslcert", "sslkey", "sslrootcert", "sslcrl")
_TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_TLS_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
}
_IDENTITY = {"dbname": "database", "database": "database", "user": "user", "password": "password"}
_SECRET = frozenset({"password", "sslpassword", "oauth_client_secret", "scram_client_key"})
_DRIVER_WORDS = ("passfile", "service", "servicefile", "krbsrvname", "gsslib")

# Of these, the words that ask for nothing but what happens anyway.
_HARMLESS: Final[Mapping[str, frozenset[str]]] = {
    "channel_binding": frozenset({"disable", "prefer"}),
    "client_encoding": frozenset({"utf8", "utf-8", "auto", "unicode"}),
    "gssencmode": frozenset({"disable", "prefer"}),
    "gssdelegation": frozenset({"0"}),
    "load_balance_hosts": frozenset({"disable"}),
    "replication": frozenset({"false", "off", "no", "0"}),
    "requiressl": frozenset({"0"}),
    "sslcertmode": frozenset({"allow"}),
    "sslcompression": frozenset({"0"}),
    "sslsni": frozenset({"1"}),
    "uselibpqcompat": frozenset({"true", "false"}),
    "max_protocol_version": frozenset({"3.0", "latest"}),
    "min_protocol_version": frozenset({"3.0"}),
}
_FOR_OTHERS = frozenset({"supa", "tty", "authtype"})
_HINTS: Final[Mapping[str, str]] = {
    "async_fallback": "it belongs to SQLAlchemy's own engine; leave it out",
    "channel_binding": "say require, prefer or disable",
    "client_encoding": "Chatkeep speaks UTF-8 only; leave it out",
    "gssencmode": "connections are encrypted by TLS (sslmode=require), not by GSSAPI",
    "hostaddr": "write the address as the host",
    "load_balance_hosts": "hosts are tried in their order; leave it out",
    "replication": "leave it out: no replication connection can be used",
    "require_auth": "the server asks for a method in pg_hba.conf; leave it out",
    "requirepeer": "leave it out, and keep the socket's folder from other users",
    "requiressl": "say sslmode=require",
    "socket_timeout": "say timeout=SECONDS, the deadline of a call",
    "sslaccept": "say sslmode=verify-full, or sslmode=require to check no certificate",
    "sslcertmode": "leave it out: a certificate is sent if sslcert names one",
    "sslcompression": "leave it out: TLS compression isn't safe",
    "sslcrldir": "name one file with sslcrl",
    "sslidentity": "name PEM files with sslcert and sslkey",
    "sslkeylogfile": "set SSLKEYLOGFILE in the environment",
    "sslsni": "leave it out: the host's name is always sent",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A PostgreSQL database, and how the address says to use it.

    Args:
        name: The address without its secrets, to be shown.
        hosts: Where it is, in the order in which to try; none is asyncpg's defaults.
        target: Which of several hosts will do: any, primary, standby, ...
        driver: What `asyncpg.connect` takes beside those.
        settings: Settings of the server, for each transaction.
        startup: Settings that go with the connection's first message.
        keepalive: Options of the socket, by libpq's names.
        pooled: Whether a pooler stands between; None is to be found out.
        statement_cache_size: How many prepared statements a connection keeps.
        connections: How many connections one process may hold.
        connect_timeout: Seconds for each host.
        pool_timeout: Seconds for which a call waits for a connection.
        timeout: The deadline of a call in seconds.
        statement_timeout: Seconds for one statement.
        lock_timeout: Seconds for which a statement waits for a lock.
        max_age: Seconds after which a connection is replaced.
    """

    name: str
    hosts: tuple[Host, ...] = ()
    target: str = "any"
    driver: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    startup: Mapping[str, str] = field(default_factory=dict)
    keepalive: Mapping[str, int] = field(default_factory=dict)
    pooled: bool | None = None
    statement_cache_size: int | None = None
    connections: int | None = None
    connect_timeout: float | None = None
    pool_timeout: float | None = None
    timeout: float | None = None
    statement_timeout: float | None = None
    lock_timeout: float | None = None
    max_age: float | None = None


def is_postgresql(url: str) -> bool:
    """Whether a URL names PostgreSQL, by whichever driver."""
    return url.partition(":")[0].partition("+")[0] in {"postgres", "postgresql"}


def parse(url: str) -> Address:
    """Make sense of a PostgreSQL address.

    Raises:
        ConfigurationError: It has a parameter, or the value of one, that can't
            work here. The message names it, and holds no secret.
    """
    return _Reader(url).address()


class _Reader:
    """Takes an address apart, parameter by parameter."""

    def __init__(self, url: str) -> None:
        scheme = url.partition(":")[0].lower()
        if scheme not in _SCHEMES:
            raise ConfigurationError(
                f"{scheme}: is not known here: asyncpg is the driver, write postgresql://"
            )
        found = _PARTS.fullmatch(url[len(scheme) + 1 :])
        if found is None or "@" in (found[2] or ""):
            _refuse("it is written postgresql://USER:PASSWORD@HOST/NAME, with / as %2F in words")
        self._authority, self._path, query = (part or "" for part in found.groups())
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
        except ValueError:
            _refuse("what follows the ? is written name=value&name=value")
        self._query = {name.lower(): value for name, value in pairs}
        self._left = dict(self._query)
        self.name = self._shown()

    def address(self) -> Address:
        """The whole of it. Whatever is left over at the end is refused."""
        driver = self._identity()
        driver |= {name: self._take(name) for name in _DRIVER_WORDS}
        driver |= self._tls()
        cache = self._number("statement_cache_size", "prepared_statement_cache_size")
        pooled = self._boolean("pgbouncer") or (True if cache == 0 else None)
        address = Address(
            name=self.name,
            hosts=self._hosts(),
            target=self._word("target_session_attrs", _SESSIONS) or _target_of_environment(),
            driver={name: value for name, value in driver.items() if value is not None},
            settings=self._settings(),
            startup=self._startup(),
            keepalive=self._keepalive(),
            pooled=pooled,
            statement_cache_size=cache,
            connections=self._number("pool_size", "connection_limit"),
            connect_timeout=self._seconds("connect_timeout"),
            pool_timeout=self._seconds("pool_timeout"),
            timeout=self._seconds("timeout", "command_timeout"),
            statement_timeout=self._duration("statement_timeout"),
            lock_timeout=self._duration("lock_timeout"),
            max_age=self._seconds("max_age", "pool_recycle"),
        )
        self._refuse_the_rest()
        return address

    # Who, where and what

    def _identity(self) -> dict[str, Any]:
        before, _, _ = self._authority.rpartition("@")
        user, _, password = before.partition(":")
        database = self._path.removeprefix("/")
        found = {
            "user": unquote(user),
            "password": unquote(password),
            "database": unquote(database),
        }
        for name, keyword in _IDENTITY.items():
            found[keyword] = self._take(name) or found[keyword]
        return {keyword: value or None for keyword, value in found.items()}

    def _hosts(self) -> tuple[Host, ...]:
        """The hosts, each with its port; a parameter goes before what stands in front of it."""
        named, ports = self._take("host"), self._take("port")
        specs = named.split(",") if named else []
        if not specs:
            in_front = self._authority.rpartition("@")[2]
            specs = [unquote(spec) for spec in in_front.split(",")] if in_front else []
        if ports and not specs:  # only where it listens: the host is the environment's
            specs = [os.environ.get("PGHOST") or "localhost"]
        hosts = [_host(spec) for spec in specs]
        given = ports.split(",") if ports else []
        if len(given) == 1:
            given *= len(hosts)
        if len(given) not in {0, len(hosts)}:
            _refuse(f"port names {len(given)} ports for {len(hosts)} hosts")
        if given:
            hosts = [(host, _port(port)) for (host, _), port in zip(hosts, given, strict=True)]
        return tuple(hosts)

    def _shown(self) -> str:
        """The address with its secrets hidden."""
        before, at, hosts = self._authority.rpartition("@")
        user, colon, _ = before.partition(":")
        shown = {n: "***" if n in _SECRET else value for n, value in self._query.items()}
        text = f"postgresql://{user}{':***' if colon else ''}{at}{hosts}{self._path}"
        return f"{text}?{urlencode(shown, safe='/,*:', quote_via=quote)}" if shown else text

    # Groups of parameters

    def _tls(self) -> dict[str, Any]:
        mode = self._word("sslmode", _SSL_MODES) or self._word("ssl", _SSL_MODES)
        files = {name: self._take(name) for name in _TLS_FILES}
        words = {name: self._word(name, among) for name, among in _TLS_WORDS.items()}
        words["sslpassword"] = self._take("sslpassword")
        if self._left.get("channel_binding") == "require":
            del self._left["channel_binding"]
            # asyncpg binds to no channel. Whoever asks for it wants to be sure of the
            # server, and a certificate that is checked for the host's name proves it too.
            mode = "verify-full"
        if files["sslrootcert"] == "system" and mode is None:
            mode = "verify-full"
        for name, path in files.items():
            if path and path != "system" and not Path(path).is_file():
                _refuse(f"{name} names no file: {path}")
        if words["sslnegotiation"] == "direct" and mode not in _CERTAIN_MODES:
            _refuse("sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")
        if mode in {"verify-ca", "verify-full"} and _trusts_the_system(files["sslrootcert"]):
            return {"ssl": _system_context(mode, files, words), "dsn": _dsn(words)}
        given = {"sslmode": mode, **files, **words}
        return {"dsn": _dsn(given)}

    def _settings(self) -> dict[str, str]:
        settings = _options_as_settings(self._left.get("options"))
        if settings is not None:
            self._take("options")
        schema = self._take("search_path") or _quoted_or_none(self._take("schema"))
        return {**(settings or {}), **({"search_path": schema} if schema else {})}

    def _startup(self) -> dict[str, str]:
        fallback = self._take("fallback_application_name") or "chatkeep"
        name = self._take("application_name") or os.environ.get("PGAPPNAME") or fallback
        options = self._take("options")
        return {"application_name": name, **({"options": options} if options else {})}

    def _keepalive(self) -> dict[str, int]:
        names = ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count")
        found = {name: self._number(name) for name in (*names, "tcp_user_timeout")}
        return {name: value for name, value in found.items() if value is not None}

    # Single parameters

    def _take(self, name: str) -> str | None:
        return self._left.pop(name, None) or None

    def _word(self, name: str, words: tuple[str, ...]) -> str | None:
        value = self._take(name)
        if value is not None and value not in words:
            _refuse(f"{name} is one of {', '.join(words)}")
        return value

    def _boolean(self, name: str) -> bool | None:
        value = self._word(name, ("true", "false", "1", "0"))
        return None if value is None else value in {"true", "1"}

    def _number(self, *names: str) -> int | None:
        for name in names:
            value = self._take(name)
            if value is not None:
                if not value.isdecimal():
                    _refuse(f"{name} is a whole number")
                return int(value)
        return None

    def _seconds(self, *names: str) -> float | None:
        """A number of seconds, or None for one that is left out, or 0: no bound of its own."""
        for name in names:
            value = self._take(name)
            if value is not None:
                if re.fullmatch(r"\d+(\.\d+)?", value) is None:
                    _refuse(f"{name} is a number of seconds")
                return float(value) or None
        return None

    def _duration(self, name: str) -> float | None:
        """A time as PostgreSQL's settings have it: in milliseconds, or with a unit."""
        value = self._take(name)
        if value is None:
            return None
        found = re.fullmatch(r"(\d+)\s*(ms|s|min)?", value)
        if found is None:
            _refuse(f"{name} is a time such as 5000, 5s or 1min")
        seconds = {"ms": 0.001, "s": 1.0, "min": 60.0}[found[2] or "ms"]
        return int(found[1]) * seconds or None

    def _refuse_the_rest(self) -> None:
        for name, value in self._left.items():
            if name in _FOR_OTHERS or not value or value.lower() in _HARMLESS.get(name, ()):
                continue
            hint = _HINTS.get(name, "leave it out, or set it on the server or in options=-c")
            _refuse(f"{name} is not known here: {hint}")


def _host(spec: str) -> Host:
    """A host and its port: a name, an IPv4 address, an IPv6 one in brackets, a folder."""
    if spec.startswith(("/", "@")) or _is_ipv6(spec):
        return spec, None
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]*))(?::(\d*))?", spec)
    if found is None:
        _refuse("a host is a name or an address, with IPv6 as in [::1]:5432")
    return found[1] or found[2] or "localhost", _port(found[3]) if found[3] else None


def _is_ipv6(text: str) -> bool:
    try:
        return ip_address(text).version == 6
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        _refuse("a port is a number from 1 to 65535")
    return int(text)


def _target_of_environment() -> str:
    return os.environ.get("PGTARGETSESSIONATTRS") or "any"


def _options_as_settings(options: str | None) -> dict[str, str] | None:
    """``-c name=value`` for each; None if there is something else among them.

    A pooler takes no options with the first message, but settings in transactions.
    """
    try:
        words = shlex.split(options or "")
    except ValueError:
        return None
    settings: dict[str, str] = {}
    place = 0
    while place < len(words):
        word = words[place]
        if word == "-c" and place + 1 < len(words):
            place += 1
            setting = words[place]
        elif word.startswith(("-c", "--")):
            setting = word[2:]
        else:
            return None
        name, equals, value = setting.partition("=")
        if not equals or re.fullmatch(r"[A-Za-z_][\w.-]*", name) is None:
            return None
        settings[name.replace("-", "_")] = value
        place += 1
    return settings


def _quoted_or_none(schema: str | None) -> str | None:
    return None if schema is None else '"{}"'.format(schema.replace('"', '""'))


def _trusts_the_system(root: str | None) -> bool:
    """Whether certificates are checked with those that the system trusts.

    libpq asks for ``sslrootcert=system``, and fails where no file is named and
    none is in its own place.
    """
    if root is not None or os.environ.get("PGSSLROOTCERT"):
        return root == "system"
    return not Path("~/.postgresql/root.crt").expanduser().is_file()


def _system_context(
    mode: str, files: Mapping[str, str | None], words: Mapping[str, str | None]
) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    context.set_alpn_protocols(["postgresql"])
    context.minimum_version = _tls_version(words["ssl_min_protocol_version"] or "TLSv1.2")
    if words["ssl_max_protocol_version"]:
        context.maximum_version = _tls_version(words["ssl_max_protocol_version"])
    try:
        if files["sslcert"]:
            context.load_cert_chain(files["sslcert"], files["sslkey"], words["sslpassword"] or "")
        if files["sslcrl"]:
            context.load_verify_locations(files["sslcrl"])
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    except OSError as error:
        _refuse(f"the files of sslcert, sslkey and sslcrl can't be used: {error}")
    return context


def _tls_version(name: str) -> ssl.TLSVersion:
    return ssl.TLSVersion[name.replace(".", "_")]


def _dsn(parameters: Mapping[str, str | None]) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return f"postgresql://?{urlencode(given)}" if given else "postgresql://"


def _refuse(what: str) -> NoReturn:
    raise ConfigurationError(f"The database's address: {what}")
