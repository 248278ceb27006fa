"""One name for each thing: old, private and vendored spellings of library names become the usual one."""

from __future__ import annotations

import builtins
import functools
from typing import Final

BUILTINS: Final = frozenset(dir(builtins)) | {
    "execfile",
    "raw_input",
    "reload",
    "unicode",
    "unichr",
    "long",
    "xrange",
    "basestring",
    "reduce",
    "apply",
    "file",
    "cmp",
    "buffer",
    "intern",
}

STAR_NAMES: Final[dict[str, frozenset[str]]] = {
    module: frozenset(names.split())
    for module, names in {
        "os": "system popen environ getenv path listdir remove unlink mkdir makedirs walk getcwd chdir startfile execl "
        "execv execve execvp execvpe spawnl spawnv fork setsid dup2 kill chmod rename replace rmdir scandir stat uname "
        "getlogin getpid getuid name sep linesep devnull putenv write read open fdopen pipe _exit urandom cpu_count",
        "sys": "argv executable exit platform modules path stdin stdout stderr version version_info meta_path "
        "getsizeof setrecursionlimit settrace gettrace",
        "subprocess": "Popen run call check_call check_output getoutput getstatusoutput PIPE STDOUT DEVNULL "
        "CREATE_NO_WINDOW CREATE_NEW_CONSOLE DETACHED_PROCESS STARTUPINFO STARTF_USESHOWWINDOW SW_HIDE TimeoutExpired "
        "CalledProcessError CREATE_NEW_PROCESS_GROUP",
        "socket": "socket create_connection gethostname gethostbyname getfqdn getaddrinfo AF_INET AF_INET6 "
        "SOCK_STREAM SOCK_DGRAM SOL_SOCKET SO_REUSEADDR IPPROTO_TCP AF_UNIX timeout error setdefaulttimeout",
        "base64": "b64decode b64encode b32decode b32encode b16decode b16encode b85decode b85encode a85decode "
        "a85encode urlsafe_b64decode urlsafe_b64encode standard_b64decode standard_b64encode decodebytes encodebytes",
        "zlib": "compress decompress decompressobj compressobj crc32 adler32 error MAX_WBITS",
        "time": "sleep time ctime localtime gmtime strftime perf_counter monotonic mktime time_ns",
        "threading": "Thread Timer Lock RLock Event Semaphore Condition current_thread enumerate active_count",
        "random": "choice choices randint random randrange shuffle sample uniform seed getrandbits",
        "string": "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits punctuation printable Template",
        "json": "loads dumps load dump JSONDecodeError",
        "re": "compile match search findall sub split fullmatch finditer IGNORECASE escape",
        "shutil": "copy copy2 copyfile copytree move rmtree which make_archive unpack_archive copyfileobj",
        "ctypes": "windll cdll CDLL WinDLL byref c_int c_char_p c_void_p c_wchar_p create_string_buffer sizeof cast "
        "POINTER Structure memmove pythonapi py_object CFUNCTYPE WINFUNCTYPE c_ulong c_size_t",
        "urllib.request": "urlopen Request urlretrieve build_opener install_opener ProxyHandler",
        "urllib.parse": "urlencode quote quote_plus unquote urlparse urljoin parse_qs",
        "binascii": "unhexlify hexlify a2b_base64 a2b_hex b2a_base64 b2a_hex crc32",
        "marshal": "loads dumps load dump",
        "struct": "pack unpack calcsize Struct unpack_from pack_into",
        "hashlib": "md5 sha1 sha256 sha512 new pbkdf2_hmac blake2b",
        "pathlib": "Path PurePath PosixPath WindowsPath PurePosixPath PureWindowsPath",
        "tempfile": "mkdtemp mkstemp gettempdir NamedTemporaryFile TemporaryDirectory TemporaryFile",
        "platform": "system node release version machine processor uname platform architecture python_version",
        "getpass": "getuser getpass",
        "datetime": "datetime date time timedelta timezone",
        "os.path": "join exists isfile isdir expanduser dirname basename abspath realpath splitext getsize expandvars",
        "setuptools": "setup find_packages Extension Command Distribution find_namespace_packages",
        "multiprocessing": "Process Pool Queue Manager Lock cpu_count Pipe current_process freeze_support",
        "winreg": "OpenKey SetValueEx CreateKey CreateKeyEx QueryValueEx CloseKey HKEY_CURRENT_USER "
        "HKEY_LOCAL_MACHINE KEY_SET_VALUE KEY_ALL_ACCESS REG_SZ EnumKey EnumValue ConnectRegistry DeleteValue",
        "codecs": "decode encode open getdecoder lookup",
        "itertools": "chain cycle islice product permutations combinations count repeat starmap zip_longest",
        "functools": "partial reduce wraps lru_cache cache",
        "tkinter": "Tk Toplevel Label Button Entry Frame Canvas messagebox filedialog simpledialog END",
    }.items()
}
"""What a star import of a well-known standard module gives, as far as it matters; other modules are taken to give
every name that nothing else defines."""

_EXACT: Final = {
    "io.open": "open",
    "_io.open": "open",
    "file": "open",
    "raw_input": "input",
    "unichr": "chr",
    "xrange": "range",
    "reduce": "functools.reduce",
    "_functools.reduce": "functools.reduce",
    "unicode": "str",
    "urllib2.urlopen": "urllib.request.urlopen",
    "urllib2.Request": "urllib.request.Request",
    "urllib.urlopen": "urllib.request.urlopen",
    "urllib.urlretrieve": "urllib.request.urlretrieve",
    "urllib.URLopener": "urllib.request.URLopener",
    "urllib.FancyURLopener": "urllib.request.FancyURLopener",
    "urllib.urlencode": "urllib.parse.urlencode",
    "urllib.quote": "urllib.parse.quote",
    "urllib.quote_plus": "urllib.parse.quote_plus",
    "urllib.unquote": "urllib.parse.unquote",
    "urllib.unquote_plus": "urllib.parse.unquote_plus",
    "StringIO.StringIO": "io.StringIO",
    "cStringIO.StringIO": "io.StringIO",
    "os.errno": "errno",
    "asyncio.subprocess.create_subprocess_exec": "asyncio.create_subprocess_exec",
    "asyncio.subprocess.create_subprocess_shell": "asyncio.create_subprocess_shell",
    "requests.sessions.Session": "requests.Session",
    "requests.session": "requests.Session",
    "requests.sessions.session": "requests.Session",
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.WindowsPath": "pathlib.Path",
    "pathlib.PurePath": "pathlib.Path",
    "pathlib.PurePosixPath": "pathlib.Path",
    "pathlib.PureWindowsPath": "pathlib.Path",
    "pathlib2.Path": "pathlib.Path",
    "importlib.__import__": "__import__",
    "imp.reload": "importlib.reload",
    "distutils.core.setup": "setuptools.setup",
    "setuptools.distutils.core.setup": "setuptools.setup",
    "numpy.distutils.core.setup": "setuptools.setup",
    "os.getcwdu": "os.getcwd",
    "string.letters": "string.ascii_letters",
    "fernet.Fernet": "cryptography.fernet.Fernet",
    "aiohttp.client.ClientSession": "aiohttp.ClientSession",
    "socket._socketobject": "socket.socket",
    "socket.SocketType": "socket.socket",
    "socks.socksocket": "socket.socket",
    "requests_html.HTMLSession": "requests.Session",
    "cloudscraper.create_scraper": "requests.Session",
    "cloudscraper.CloudScraper": "requests.Session",
    "requests_toolbelt.sessions.BaseUrlSession": "requests.Session",
    "discord.ext.commands.Bot": "discord.Client",
    "discord.Bot": "discord.Client",
    "telegram.bot.Bot": "telegram.Bot",
    "telebot.async_telebot.AsyncTeleBot": "telebot.TeleBot",
    "telegram.ext.ApplicationBuilder": "telegram.ext.Application",
    "pyrogram.client.Client": "pyrogram.Client",
    "telethon.sync.TelegramClient": "telethon.TelegramClient",
    "pyscreeze.screenshot": "pyautogui.screenshot",
    "dhooks_lite.Webhook": "dhooks.Webhook",
    "subprocess.subprocess.Popen": "subprocess.Popen",
    "urllib3.poolmanager.PoolManager": "urllib3.PoolManager",
}
_HEADS: Final = {
    "builtins": "",
    "__builtin__": "",
    "__builtins__": "",
    "posix": "os",
    "nt": "os",
    "_socket": "socket",
    "_posixsubprocess": "subprocess",
    "commands": "subprocess",
    "cPickle": "pickle",
    "_pickle": "pickle",
    "httplib": "http.client",
    "urlparse": "urllib.parse",
    "posixpath": "os.path",
    "ntpath": "os.path",
    "_winreg": "winreg",
    "Cryptodome": "Crypto",
    "Queue": "queue",
    "ConfigParser": "configparser",
    "Tkinter": "tkinter",
    "thread": "_thread",
    "xmlrpclib": "xmlrpc.client",
    "SocketServer": "socketserver",
    "BaseHTTPServer": "http.server",
    "SimpleHTTPServer": "http.server",
    "cookielib": "http.cookiejar",
    "httpx2": "httpx",
    "subprocess32": "subprocess",
    "regex": "re",
    "simplejson": "json",
    "ujson": "json",
    "orjson": "json",
    "_frozen_importlib": "importlib._bootstrap",
}
_PREFIXES: Final = (
    ("six.moves.urllib.", "urllib."),
    ("six.moves.builtins.", ""),
    ("six.moves.", ""),
    ("pip._vendor.", ""),
    ("requests.api.", "requests."),
    ("requests.packages.", ""),
    ("future.moves.urllib.", "urllib."),
    ("sys.modules.os.", "os."),
)


@functools.lru_cache(maxsize=65_536)
def canonical(name: str) -> str:
    """The usual spelling of a dotted name; builtins are bare."""
    for prefix, replacement in _PREFIXES:
        if name.startswith(prefix):
            name = replacement + name[len(prefix) :]
            break
    head, dot, rest = name.partition(".")
    other = _HEADS.get(head)
    if other is not None and (rest or other):
        name = (other + dot + rest) if other else rest
    return _EXACT.get(name, name)


MAX_CALLS_IN_NAME: Final = 3


@functools.lru_cache(maxsize=65_536)
def member(owner: str, attribute: str) -> str:
    """Name of an attribute of a named thing; results of results of results have no name."""
    if owner.count("()") > MAX_CALLS_IN_NAME or len(owner) > 200:
        return "?." + attribute
    return canonical(f"{owner}.{attribute}")
