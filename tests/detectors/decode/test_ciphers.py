"""Ciphers give the text back without checking anybody's honesty."""

import os

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.decode import aes, fernet, openssl_key, rc4, salted_aes

TEXT = b"print('a harmless payload')"
KEY, IV = b"0123456789abcdef", b"fedcba9876543210"


def _encrypt(mode, raw):
    machine = Cipher(AES(KEY), mode).encryptor()
    return machine.update(raw) + machine.finalize()


def _padded(raw):
    padder = padding.PKCS7(128).padder()
    return padder.update(raw) + padder.finalize()


def test_fernet_needs_no_right_mac():
    key = Fernet.generate_key()
    token = Fernet(key).encrypt(TEXT)
    assert fernet(key, token) == TEXT
    assert fernet(key.decode(), token[:-8] + b"AAAAAAA=") == TEXT


def test_fernet_of_something_else_is_none():
    assert fernet(b"short", b"token") is None
    assert fernet(Fernet.generate_key(), b"gAAAA") is None


def test_block_modes_come_without_their_padding():
    assert aes("CBC", KEY, IV, _encrypt(modes.CBC(IV), _padded(TEXT))) == TEXT
    assert aes("ecb", KEY, b"", _encrypt(modes.ECB(), _padded(TEXT))) == TEXT


def test_stream_modes_are_read():
    assert aes("MODE_CTR", KEY, IV[:8], _encrypt(modes.CTR(IV[:8] + bytes(8)), TEXT)) == TEXT
    nonce = os.urandom(12)
    sealed = AESGCM(KEY).encrypt(nonce, TEXT, None)
    assert aes("gcm", KEY, nonce, sealed) == TEXT
    assert aes("gcm", KEY, nonce, sealed[:-16]) == TEXT


def test_the_openssl_format_is_read_with_its_passphrase():
    key, iv = openssl_key(b"pass", b"saltsalt", 16, 16)
    assert len(key) == len(iv) == 16
    long_key, long_iv = openssl_key(b"pass", b"saltsalt", 32, 16)
    machine = Cipher(AES(long_key), modes.CBC(long_iv)).encryptor()
    sealed = b"Salted__saltsalt" + machine.update(_padded(TEXT)) + machine.finalize()
    assert salted_aes(b"pass", sealed) == TEXT
    assert salted_aes(b"pass", b"nothing") is None


def test_rc4_meets_its_published_vector():
    assert rc4(b"Key", bytes.fromhex("bbf316e8d940af0ad3")) == b"Plaintext"
    assert rc4(b"", b"x") is None


@pytest.mark.parametrize("mode", ["ecb", "cbc", "ctr", "cfb", "ofb", "gcm", "eax", "xts", "no such"])
@given(st.binary(max_size=40), st.binary(max_size=20), st.binary(max_size=64))
def test_no_key_or_vector_makes_a_cipher_raise(mode, key, iv, raw):
    out = aes(mode, key, iv, raw)
    assert out is None or isinstance(out, bytes)
