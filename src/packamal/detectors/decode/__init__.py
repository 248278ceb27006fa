"""Pure decoders shared by every way of looking: size capped, never raising, never running anything of a package."""

from packamal.detectors.decode.ciphers import aes, fernet, openssl_key, rc4, salted_aes, xor
from packamal.detectors.decode.codec_table import decode
from packamal.detectors.decode.guess import guess, is_text, peel
from packamal.detectors.decode.pickled import PickleReading, pickle_source, read_pickle
from packamal.detectors.decode.pseudo import marshal_source
from packamal.detectors.decode.pyc import PycHeader, read_pyc_header

__all__ = [
    "PickleReading",
    "PycHeader",
    "aes",
    "decode",
    "fernet",
    "guess",
    "is_text",
    "marshal_source",
    "openssl_key",
    "peel",
    "pickle_source",
    "rc4",
    "read_pickle",
    "read_pyc_header",
    "salted_aes",
    "xor",
]
