"""The formats of docs/format.md, written from that text alone; section numbers are its own.

Short on purpose: whole objects in memory, no streaming. Whatever is not as the format says raises ValueError or the
error of the library that refused it.
"""

import base64
import hashlib
import hmac
import json
import os
import unicodedata

from blake3 import blake3
from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from mnemonic import Mnemonic
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as xchacha_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt as xchacha_encrypt,
)
from pyhpke import AEADId, CipherSuite, KDFId, KEMId

SUITE = CipherSuite.new(KEMId.DHKEM_P256_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.CHACHA20_POLY1305)
WORDS = Mnemonic("english")
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def require(condition, what):
    if not condition:
        raise ValueError(what)


def u16(number):
    return number.to_bytes(2, "big")


def u32(number):
    return number.to_bytes(4, "big")


def u64(number):
    return number.to_bytes(8, "big")


def label(text):
    return b"chartseal/v1 " + text.encode("ascii") + b"\0"


def hkdf_expand(hash_name, prk, info, length):
    block, out, count = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes([count]), hash_name)
        out, count = out + block, count + 1
    return out[:length]


def hkdf_sha256(ikm, info):
    return hkdf_expand("sha256", hmac.digest(bytes(32), ikm, "sha256"), info, 32)


# ---- Points ----


def compress(point):
    numbers = point.public_numbers()
    return bytes([2 + (numbers.y & 1)]) + numbers.x.to_bytes(32, "big")


def p256_point(compressed):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), compressed)


def uncompress(compressed):
    numbers = p256_point(compressed).public_numbers()
    return b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def hpke_public(compressed):
    return SUITE.kem.deserialize_public_key(uncompress(compressed))


# ---- 1, 2. Keys of a person and of a record ----


class Person:
    def __init__(self, phrase):
        require(len(phrase.split()) == 24 and WORDS.check(phrase), "not a recovery phrase")
        self.phrase = phrase
        self.seed = hashlib.pbkdf2_hmac("sha512", phrase.encode(), b"mnemonic", 2048)
        self.account = self._account()
        self.record_root = hkdf_sha256(self.seed, label("record root"))

    def _account(self):
        node = hmac.digest(b"Bitcoin seed", self.seed, "sha512")
        key, chain = int.from_bytes(node[:32], "big"), node[32:]
        for index in (1 << 31 | 44, 1 << 31 | 60, 1 << 31, 0, 0):
            public = ec.derive_private_key(key, ec.SECP256K1()).public_key()
            data = b"\0" + key.to_bytes(32, "big") if index >> 31 else compress(public)
            node = hmac.digest(chain, data + u32(index), "sha512")
            key, chain = (int.from_bytes(node[:32], "big") + key) % SECP256K1_ORDER, node[32:]
        numbers = ec.derive_private_key(key, ec.SECP256K1()).public_key().public_numbers()
        point = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        return keccak.new(digest_bits=256, data=point).digest()[-20:]

    def encryption_keys(self, version):
        return SUITE.kem.derive_key_pair(hkdf_sha256(self.seed, label("encryption key") + u32(version)))

    def public_key(self, version):
        serialized = self.encryption_keys(version).public_key.to_public_bytes()
        return compress(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), serialized))

    def record_key(self, record, epoch):
        return hkdf_sha256(self.record_root, label("record key") + record + u32(epoch))

    def fingerprint(self, version):
        digest = hashlib.sha256(label("fingerprint") + self.account + self.public_key(version)).hexdigest()
        return " ".join(digest[at : at + 4] for at in range(0, 40, 4))


# ---- 3. Object ----


def object_keys(key, salt, context):
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_CHACHA20_POLY1305" + b"\0" + salt + context
    okm = hkdf_expand("sha512", key, info, 76)
    return ChaCha20Poly1305(okm[:32]), int.from_bytes(okm[32:44], "big"), okm[44:]


def content_context(record, epoch, version):
    return label("content") + record + u32(epoch) + u32(version)


def seal_object(content, key, context):
    salt = os.urandom(24)
    cipher, base, commitment = object_keys(key, salt, context)
    sealed = salt + commitment
    for number in range(len(content) // 16384 + 1):
        chunk = content[number * 16384 : (number + 1) * 16384]
        sealed += cipher.encrypt((base ^ number).to_bytes(12, "big"), chunk, None)
    return sealed


def open_object(sealed, key, context):
    cipher, base, commitment = object_keys(key, sealed[:24], context)
    require(hmac.compare_digest(commitment, sealed[24:56]), "the key does not belong to this object")
    body, content = sealed[56:], b""
    last = len(body) // 16400
    require(len(body) % 16400 >= 16, "the object is cut short")
    for number in range(last + 1):
        chunk = body[number * 16400 : (number + 1) * 16400]
        content += cipher.decrypt((base ^ number).to_bytes(12, "big"), chunk, None)
    return content


def digest(sealed):
    return blake3(sealed).digest(length=28)


# ---- 4. Sealed info ----


def pad(text, limit):
    require(len(text) + 2 <= limit, "the text is too long")
    padded = u16(len(text)) + text
    return padded + bytes(-len(padded) % 128)


def unpad(padded, limit):
    length = int.from_bytes(padded[:2], "big")
    text = padded[2 : 2 + length]
    require(len(padded) <= limit and padded == pad(text, limit), "the padding is not the smallest of zeros")
    return text


def info_key(key):
    return hkdf_sha256(key, label("info key"))


def info_data(record, epoch, version):
    return b"\1" + label("sealed info") + record + u32(epoch) + u32(version)


def seal_info(info, key, data):
    text = json.dumps(info, ensure_ascii=False, separators=(",", ":")).encode()
    nonce = os.urandom(24)
    return b"\1" + nonce + xchacha_encrypt(pad(text, 7 * 128), data, nonce, info_key(key))


def open_info(sealed, key, data):
    require(sealed[:1] == b"\1", "another version")
    text = xchacha_decrypt(sealed[25:], data, sealed[1:25], info_key(key))
    return json.loads(unpad(text, 7 * 128))


# ---- 5, 6. Wrapped key and note ----


def hpke_seal(text, to, info):
    enc, context = SUITE.create_sender_context(hpke_public(to), info)
    return compress(p256_point(enc)), context.seal(text)


def hpke_open(enc, sealed, keys, info):
    return SUITE.create_recipient_context(uncompress(enc), keys.private_key, info).open(sealed)


def wrap_info(record, epoch, reader, key_version):
    return label("wrapped key") + record + u32(epoch) + reader + u32(key_version)


def note_info(record, asker, key_version):
    return label("request note") + record + asker + u32(key_version)


def seal_note(note, to, info):
    enc, sealed = hpke_seal(pad(note.encode(), 3 * 128), to, info)
    return enc[1:] + bytes([enc[0] - 2]) + sealed


def open_note(sealed, keys, info):
    require(sealed[32] in (0, 1), "no parity")
    enc = bytes([2 + sealed[32]]) + sealed[:32]
    return unpad(hpke_open(enc, sealed[33:], keys, info), 3 * 128).decode()


# ---- 7. Keystore ----


def keystore_key(passphrase, header):
    memory, passes, lanes = (int.from_bytes(header[at : at + 4], "big") for at in (10, 14, 18))
    bounds = 19456 <= memory <= 262144 and 1 <= passes <= 16 and 1 <= lanes <= 16
    require(bounds, "the key derivation's parameters are out of bounds")
    kdf = Argon2id(salt=header[42:58], length=32, iterations=passes, lanes=lanes, memory_cost=memory)
    return kdf.derive(unicodedata.normalize("NFKC", passphrase).encode())


def seal_keystore(person, passphrase):
    header = b"CHSEALKS\1\1" + u32(65536) + u32(3) + u32(4) + person.account + os.urandom(40)
    entropy = bytes(WORDS.to_entropy(person.phrase))
    return header + xchacha_encrypt(entropy, header, header[58:82], keystore_key(passphrase, header))


def open_keystore(file, passphrase):
    require(len(file) == 130 and file[:10] == b"CHSEALKS\1\1", "no keystore of this version")
    header = file[:82]
    entropy = xchacha_decrypt(file[82:], header, header[58:82], keystore_key(passphrase, header))
    person = Person(WORDS.to_mnemonic(entropy))
    require(person.account == header[22:42], "the keystore names another account")
    return person


# ---- 8. Contact card ----


def make_card(fields):
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    body = base64.urlsafe_b64encode(text + hashlib.sha256(text).digest()[:4])
    return "chartseal-card1:" + body.decode().rstrip("=")


def read_card(card):
    prefix, body = "".join(card.split()).split(":")
    require(prefix == "chartseal-card1", "no contact card")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    require(hashlib.sha256(raw[:-4]).digest()[:4] == raw[-4:], "the card is cut or mistyped")
    return json.loads(raw[:-4])
