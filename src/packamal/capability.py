"""The closed vocabulary of capabilities: source, sandbox, metadata and diff all speak it.

A new way of seeing a capability is a line in a catalogue; a new capability is a line here and one in `MEANING`.
`docs/signals.md` is generated from this module and the catalogues.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Capability(enum.StrEnum):
    """What a piece of a package is able to do; `for.*` speak in its favour."""

    # what is read
    CRED_READ = "cred.read"
    CRED_MENTION = "cred.mention"
    CRED_GIVEN = "cred.given"
    ENV_READ = "env.read"
    ENV_SECRET = "env.secret"  # noqa: S105, a name
    ENV_READ_ALL = "env.read.all"
    BROWSER_READ = "browser.read"
    WALLET_READ = "wallet.read"
    MESSENGER_READ = "messenger.read"
    HOST_INFO = "host.info"
    FILE_READ = "file.read"
    FILE_LIST = "file.list"
    FILE_ARCHIVE = "file.archive"
    # network
    NET_SEND = "net.send"
    NET_FETCH = "net.fetch"
    NET_DNS = "net.dns"
    NET_SOCKET = "net.socket"
    NET_LISTEN = "net.listen"
    HOST_MESSENGER = "host.messenger"
    HOST_PASTE = "host.paste"
    HOST_CALLBACK = "host.callback"
    HOST_TUNNEL = "host.tunnel"
    HOST_SHORTENER = "host.shortener"
    HOST_CODE = "host.code"
    HOST_RAW_IP = "host.raw-ip"
    HOST_ONION = "host.onion"
    HOST_CLOUD_METADATA = "host.cloud-metadata"
    HOST_ODD = "host.odd"
    # execution
    PROC_EXEC = "proc.exec"
    PROC_SHELL = "proc.shell"
    PROC_POWERSHELL = "proc.powershell"
    PROC_HIDDEN = "proc.hidden"
    PROC_INTERPRETER = "proc.interpreter"
    PROC_DOWNLOAD = "proc.download"
    PROC_REVERSE_SHELL = "proc.reverse-shell"
    PROC_INSTALL = "proc.install"
    PROC_KILL = "proc.kill"
    CODE_EVAL = "code.eval"
    CODE_IMPORT = "code.import"
    CODE_NATIVE = "code.native"
    CODE_INJECT = "code.inject"
    CODE_MARSHAL = "code.marshal"
    CODE_HOOK = "code.hook"
    # decoding
    DECODE_TEXT = "decode.text"
    DECODE_CIPHER = "decode.cipher"
    DECODE_COMPRESS = "decode.compress"
    DECODE_CHARS = "decode.chars"
    # files
    FILE_WRITE = "file.write"
    FILE_DROP = "file.drop"
    FILE_CHMOD = "file.chmod"
    FILE_DELETE = "file.delete"
    FILE_WIPE = "file.wipe"
    FILE_HIDE = "file.hide"
    FILE_ENCRYPT = "file.encrypt"
    # persistence and neighbours
    PERSIST_STARTUP = "persist.startup"
    PERSIST_SERVICE = "persist.service"
    PERSIST_PROFILE = "persist.profile"
    PERSIST_PYTHON = "persist.python"
    PERSIST_GIT = "persist.git"
    AGENT_CONFIG = "agent.config"
    AGENT_PROMPT = "agent.prompt"
    CI_WORKFLOW = "ci.workflow"
    PUBLISH_REGISTRY = "publish.registry"
    MODULE_PATCH = "module.patch"
    # input and watching
    INPUT_CLIPBOARD = "input.clipboard"
    INPUT_KEYBOARD = "input.keyboard"
    INPUT_SCREEN = "input.screen"
    INPUT_MEDIA = "input.media"
    CRYPTO_ADDRESS = "crypto.address"
    CRYPTO_REPLACE = "crypto.replace"
    CRYPTO_MINE = "crypto.mine"
    # evasion
    ANTI_DEBUG = "anti.debug"
    ANTI_VM = "anti.vm"
    ANTI_AV = "anti.av"
    GATE_TIME = "gate.time"
    GATE_PLACE = "gate.place"
    GATE_CI = "gate.ci"
    GATE_PLATFORM = "gate.platform"
    GATE_USER = "gate.user"
    OBF_NAMES = "obf.names"
    OBF_STRINGS = "obf.strings"
    OBF_PACKED = "obf.packed"
    OBF_ENCODING = "obf.encoding"
    OBF_UNICODE = "obf.unicode"
    OBF_LONG_LINE = "obf.long-line"
    OBF_IMPORT = "obf.import"
    OBF_LIMIT = "obf.limit"
    # the archive
    ARCHIVE_LINK = "archive.link"
    ARCHIVE_PATH = "archive.path"
    ARCHIVE_DEVICE = "archive.device"
    ARCHIVE_DUPLICATE = "archive.duplicate"
    ARCHIVE_CASE = "archive.case"
    ARCHIVE_TRAILING = "archive.trailing"
    ARCHIVE_ENCRYPTED = "archive.encrypted"
    ARCHIVE_NESTED = "archive.nested"
    ARCHIVE_BOMB = "archive.bomb"
    ARCHIVE_BROKEN = "archive.broken"
    ARCHIVE_HIDDEN = "archive.hidden"
    # other files
    BINARY_PRESENT = "binary.present"
    BINARY_UNEXPECTED = "binary.unexpected"
    BINARY_PACKED = "binary.packed"
    FILE_MISMATCH = "file.mismatch"
    IMAGE_TRAILING = "image.trailing"
    PICKLE_CODE = "pickle.code"
    BYTECODE_ONLY = "bytecode.only"
    SECRET_EMBEDDED = "secret.embedded"  # noqa: S105, a name
    PATTERN_KNOWN = "pattern.known"
    # metadata
    META_TYPOSQUAT = "meta.typosquat"
    META_CONFUSION = "meta.confusion"
    META_VERSION = "meta.version"
    META_DESCRIPTION = "meta.description"
    META_REPOSITORY = "meta.repository"
    META_MAINTAINER = "meta.maintainer"
    META_URL_DEPENDENCY = "meta.url-dependency"
    META_INSTALL_SCRIPT = "meta.install-script"
    META_MISMATCH = "meta.mismatch"
    META_ARTIFACT_DIFF = "meta.artifact-diff"
    META_EMPTY = "meta.empty"
    META_DEPENDENCY = "meta.dependency"
    META_KNOWN_BAD = "meta.known-bad"
    # what speaks for the code
    FOR_OWN_SERVICE = "for.own-service"
    FOR_CHECKSUM = "for.checksum"
    FOR_PROMPT = "for.prompt"
    FOR_OPT_OUT = "for.opt-out"
    FOR_SIGNING = "for.signing"
    FOR_BUILD_TOOL = "for.build-tool"
    FOR_LOOPBACK = "for.loopback"

    @property
    def family(self) -> str:
        """The part before the first dot."""
        return self.value.partition(".")[0]

    @property
    def speaks_for(self) -> bool:
        """True for what lowers suspicion."""
        return self.family == "for"


class Meaning(NamedTuple):
    """What a person reads about a capability."""

    title: str
    technique: str
    """MITRE ATT&CK id, or empty where the capability alone is no technique."""


MEANING: dict[Capability, Meaning] = {
    Capability.CRED_READ: Meaning("Reads a stored credential", "T1552.001"),
    Capability.CRED_MENTION: Meaning("Names a credential's place without being seen to read it", "T1552.001"),
    Capability.CRED_GIVEN: Meaning("Passes on a key, password or token that its caller gave it", "T1552"),
    Capability.ENV_READ: Meaning("Reads one environment variable", ""),
    Capability.ENV_SECRET: Meaning("Reads an environment variable that holds a secret", "T1552"),
    Capability.ENV_READ_ALL: Meaning("Reads the whole environment", "T1552"),
    Capability.BROWSER_READ: Meaning("Reads a browser's stored passwords, cookies or profile", "T1555.003"),
    Capability.WALLET_READ: Meaning("Reads a cryptocurrency wallet", "T1552.001"),
    Capability.MESSENGER_READ: Meaning("Reads a messenger's session or token store", "T1528"),
    Capability.HOST_INFO: Meaning("Collects host, user or network facts", "T1082"),
    Capability.FILE_READ: Meaning("Reads a file", "T1005"),
    Capability.FILE_LIST: Meaning("Walks directories", "T1083"),
    Capability.FILE_ARCHIVE: Meaning("Packs files into an archive", "T1560"),
    Capability.NET_SEND: Meaning("Sends data out", "T1041"),
    Capability.NET_FETCH: Meaning("Fetches from the network", "T1105"),
    Capability.NET_DNS: Meaning("Makes a DNS look-up with a computed name", "T1071.004"),
    Capability.NET_SOCKET: Meaning("Opens a raw socket", "T1095"),
    Capability.NET_LISTEN: Meaning("Listens for connections", "T1571"),
    Capability.HOST_MESSENGER: Meaning("Messenger web-hook or bot address", "T1567"),
    Capability.HOST_PASTE: Meaning("Paste or file-drop site", "T1567"),
    Capability.HOST_CALLBACK: Meaning("Out-of-band call-back host", "T1567"),
    Capability.HOST_TUNNEL: Meaning("Tunnel host", "T1572"),
    Capability.HOST_SHORTENER: Meaning("Link shortener", "T1105"),
    Capability.HOST_CODE: Meaning("Raw file on a code host or chat CDN", "T1105"),
    Capability.HOST_RAW_IP: Meaning("Raw public network address", "T1071"),
    Capability.HOST_ONION: Meaning("Hidden service or blockchain gateway", "T1090.003"),
    Capability.HOST_CLOUD_METADATA: Meaning("Cloud metadata address", "T1552.005"),
    Capability.HOST_ODD: Meaning("Host under a top-level domain that is mostly abused", "T1071"),
    Capability.PROC_EXEC: Meaning("Starts a process", "T1059"),
    Capability.PROC_SHELL: Meaning("Runs a shell command", "T1059.004"),
    Capability.PROC_POWERSHELL: Meaning("Runs PowerShell or a Windows script host", "T1059.001"),
    Capability.PROC_HIDDEN: Meaning("Starts a process hidden, detached or with its output discarded", "T1564.003"),
    Capability.PROC_INTERPRETER: Meaning("Starts an interpreter on code given in the command", "T1059"),
    Capability.PROC_DOWNLOAD: Meaning("A command that downloads", "T1105"),
    Capability.PROC_REVERSE_SHELL: Meaning("Ties a shell to a socket", "T1059.004"),
    Capability.PROC_INSTALL: Meaning("Installs a package while running", "T1195.001"),
    Capability.PROC_KILL: Meaning("Ends other processes", "T1489"),
    Capability.CODE_EVAL: Meaning("Evaluates code at run time", "T1059"),
    Capability.CODE_IMPORT: Meaning("Imports a module whose name is computed or odd", "T1059"),
    Capability.CODE_NATIVE: Meaning("Loads native code or calls it through a foreign interface", "T1106"),
    Capability.CODE_INJECT: Meaning("Writes into another process or replaces a running function", "T1055"),
    Capability.CODE_MARSHAL: Meaning("Loads marshalled or pickled code", "T1027"),
    Capability.CODE_HOOK: Meaning("Hooks a library's or the platform's own functions", "T1056"),
    Capability.DECODE_TEXT: Meaning("Decodes base64, hex or the like", "T1140"),
    Capability.DECODE_CIPHER: Meaning("Decrypts with a key it carries", "T1140"),
    Capability.DECODE_COMPRESS: Meaning("Decompresses embedded data", "T1140"),
    Capability.DECODE_CHARS: Meaning("Builds text from character codes or arithmetic", "T1027"),
    Capability.FILE_WRITE: Meaning("Writes a file", ""),
    Capability.FILE_DROP: Meaning("Writes an executable or a script", "T1105"),
    Capability.FILE_CHMOD: Meaning("Makes a file executable", "T1222"),
    Capability.FILE_DELETE: Meaning("Deletes a file", "T1070.004"),
    Capability.FILE_WIPE: Meaning("Deletes a tree outside its own place", "T1485"),
    Capability.FILE_HIDE: Meaning("Hides a file or writes to a hidden place", "T1564.001"),
    Capability.FILE_ENCRYPT: Meaning("Encrypts files", "T1486"),
    Capability.PERSIST_STARTUP: Meaning("Start-up folder, registry run key or login item", "T1547.001"),
    Capability.PERSIST_SERVICE: Meaning("System service or scheduled task", "T1543"),
    Capability.PERSIST_PROFILE: Meaning("Shell profile", "T1546.004"),
    Capability.PERSIST_PYTHON: Meaning("Interpreter start-up file", "T1546"),
    Capability.PERSIST_GIT: Meaning("Git hook or git configuration", "T1546"),
    Capability.AGENT_CONFIG: Meaning("Settings of a coding agent or editor", "T1546"),
    Capability.AGENT_PROMPT: Meaning("Text addressed to an automated reviewer or agent", "T1036"),
    Capability.CI_WORKFLOW: Meaning("CI workflow files or runner memory", "T1195.001"),
    Capability.PUBLISH_REGISTRY: Meaning("Publishes packages or uses a publishing token", "T1195.002"),
    Capability.MODULE_PATCH: Meaning("Writes into another installed package", "T1554"),
    Capability.INPUT_CLIPBOARD: Meaning("Reads or replaces the clipboard", "T1115"),
    Capability.INPUT_KEYBOARD: Meaning("Watches the keyboard", "T1056.001"),
    Capability.INPUT_SCREEN: Meaning("Takes screenshots", "T1113"),
    Capability.INPUT_MEDIA: Meaning("Records camera or microphone", "T1125"),
    Capability.CRYPTO_ADDRESS: Meaning("A cryptocurrency address", ""),
    Capability.CRYPTO_REPLACE: Meaning("Replaces cryptocurrency addresses", "T1565.002"),
    Capability.CRYPTO_MINE: Meaning("Mines cryptocurrency", "T1496"),
    Capability.ANTI_DEBUG: Meaning("Looks for a debugger", "T1622"),
    Capability.ANTI_VM: Meaning("Looks for a virtual machine or sandbox", "T1497.001"),
    Capability.ANTI_AV: Meaning("Disables or looks for protection software", "T1562.001"),
    Capability.GATE_TIME: Meaning("Acts only at or after a time, or waits long", "T1497.003"),
    Capability.GATE_PLACE: Meaning("Acts by language, country or address", "T1480"),
    Capability.GATE_CI: Meaning("Acts by the presence of CI", "T1497"),
    Capability.GATE_PLATFORM: Meaning("Acts by operating system", ""),
    Capability.GATE_USER: Meaning("Acts by user or host name", "T1480"),
    Capability.OBF_NAMES: Meaning("Machine-made names", "T1027"),
    Capability.OBF_STRINGS: Meaning("Hidden strings", "T1027"),
    Capability.OBF_PACKED: Meaning("Packed by an obfuscator", "T1027.002"),
    Capability.OBF_ENCODING: Meaning("An odd source encoding", "T1027"),
    Capability.OBF_UNICODE: Meaning("Invisible or direction-changing characters", "T1027"),
    Capability.OBF_LONG_LINE: Meaning("Code far to the right or in one very long line", "T1027"),
    Capability.OBF_IMPORT: Meaning("Imports hidden behind computed names", "T1027"),
    Capability.OBF_LIMIT: Meaning("Analysis limit reached in code that hides", "T1027"),
    Capability.ARCHIVE_LINK: Meaning("Link inside the archive", ""),
    Capability.ARCHIVE_PATH: Meaning("Absolute or parent path", ""),
    Capability.ARCHIVE_DEVICE: Meaning("Device or other special member", ""),
    Capability.ARCHIVE_DUPLICATE: Meaning("The same path twice", ""),
    Capability.ARCHIVE_CASE: Meaning("Paths that differ only in case", ""),
    Capability.ARCHIVE_TRAILING: Meaning("Bytes after the archive's end", "T1027"),
    Capability.ARCHIVE_ENCRYPTED: Meaning("Encrypted member", "T1027.013"),
    Capability.ARCHIVE_NESTED: Meaning("Archive inside the archive", ""),
    Capability.ARCHIVE_BOMB: Meaning("Member or archive past the limits", "T1499"),
    Capability.ARCHIVE_BROKEN: Meaning("Broken archive or member", ""),
    Capability.ARCHIVE_HIDDEN: Meaning("Member that one unpacker sees and another does not", "T1564"),
    Capability.BINARY_PRESENT: Meaning("Executable or library present", ""),
    Capability.BINARY_UNEXPECTED: Meaning("Executable where none is expected", "T1027.009"),
    Capability.BINARY_PACKED: Meaning("Packed executable", "T1027.002"),
    Capability.FILE_MISMATCH: Meaning("Content that is not what the name says", "T1036.008"),
    Capability.IMAGE_TRAILING: Meaning("Data after an image's end", "T1027.003"),
    Capability.PICKLE_CODE: Meaning("Pickle that runs code", "T1059"),
    Capability.BYTECODE_ONLY: Meaning("Compiled code without its source", "T1027"),
    Capability.SECRET_EMBEDDED: Meaning("Embedded secret or token", "T1552.001"),
    Capability.PATTERN_KNOWN: Meaning("Pattern known from malicious packages", ""),
    Capability.META_TYPOSQUAT: Meaning("Name close to a popular one", "T1195.001"),
    Capability.META_CONFUSION: Meaning("Version or name made to win over an internal package", "T1195.001"),
    Capability.META_VERSION: Meaning("Odd version", ""),
    Capability.META_DESCRIPTION: Meaning("Empty, placeholder or copied description", ""),
    Capability.META_REPOSITORY: Meaning("Missing or foreign repository", ""),
    Capability.META_MAINTAINER: Meaning("Odd maintainer address", ""),
    Capability.META_URL_DEPENDENCY: Meaning("Dependency from an address, not from the index", "T1195.001"),
    Capability.META_INSTALL_SCRIPT: Meaning("Runs a script at installation", ""),
    Capability.META_MISMATCH: Meaning("Index metadata and archive disagree", "T1036"),
    Capability.META_ARTIFACT_DIFF: Meaning("Wheel and sdist differ", "T1195.002"),
    Capability.META_EMPTY: Meaning("A package without working code", ""),
    Capability.META_KNOWN_BAD: Meaning("A digest that is known to be bad", "T1195.002"),
    Capability.META_DEPENDENCY: Meaning("A dependency that is odd by itself", "T1195.001"),
    Capability.FOR_OWN_SERVICE: Meaning("Talks to the package's own documented service", ""),
    Capability.FOR_CHECKSUM: Meaning("Checks a digest before it starts what it fetched", ""),
    Capability.FOR_PROMPT: Meaning("Asked by a person or a flag", ""),
    Capability.FOR_OPT_OUT: Meaning("Honours an opt-out first", ""),
    Capability.FOR_SIGNING: Meaning("The value goes into a signature or an authorisation header, not into a body", ""),
    Capability.FOR_BUILD_TOOL: Meaning("Starts a compiler or build tool with fixed arguments", ""),
    Capability.FOR_LOOPBACK: Meaning("Talks to the own machine only", ""),
}
