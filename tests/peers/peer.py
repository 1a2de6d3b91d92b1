"""Opens records that the Rust client made, and makes records for it to open.

    peer.py open FILE...
    peer.py make FILE CONTENT-LENGTH

A file is JSON in the form of client/tests/vectors/format-v1.json: a record with all its keys.
"""

import json
import os
import sys

import chartseal_format as cs


class Record:
    """The fields of such a file, bytes decoded."""

    def __init__(self, fields):
        self.fields = fields
        self.id = cs.u64(fields["chainId"]) + self.bytes("contract") + self.bytes("recordId")
        self.epoch, self.version, self.key_version = (fields[name] for name in ("epoch", "version", "keyVersion"))
        self.owner, self.reader = cs.Person(fields["ownerPhrase"]), cs.Person(fields["readerPhrase"])
        self.content_context = cs.content_context(self.id, self.epoch, self.version)
        self.info_data = cs.info_data(self.id, self.epoch, self.version)
        self.wrap_info = cs.wrap_info(self.id, self.epoch, self.reader.account, self.key_version)
        self.note_info = cs.note_info(self.id, self.reader.account, self.key_version)

    def bytes(self, name):
        return bytes.fromhex(self.fields[name])


checks = {"passed": 0}


def equal(what, found, expected):
    if found != expected:
        sys.exit(f"error: {what}: found {found!r}, expected {expected!r}")
    checks["passed"] += 1


def refused(what, altered, opener):
    """No byte of what is stored can be changed unnoticed: the first, the last and the middle one stand for all."""
    for at in (0, len(altered) // 2, len(altered) - 1):
        forged = altered[:at] + bytes([altered[at] ^ 1]) + altered[at + 1 :]
        try:
            opener(forged)
        except Exception:  # each library has errors of its own
            checks["passed"] += 1
        else:
            sys.exit(f"error: {what} was opened with byte {at} changed")


def opens(what, stored, opener, expected):
    equal(what, opener(stored), expected)
    refused(what, stored, opener)


def check(fields):
    record = Record(fields)
    version = record.key_version
    for who, person in (("owner", record.owner), ("reader", record.reader)):
        equal(f"{who}'s account", person.account, record.bytes(f"{who}Account"))
        equal(f"{who}'s key", person.public_key(version), record.bytes(f"{who}Key"))
        equal(f"{who}'s fingerprint", person.fingerprint(version), fields[f"{who}Fingerprint"])
    check_key_and_object(record)
    keys = record.owner.encryption_keys(version)
    opens("note", record.bytes("sealedNote"), lambda s: cs.open_note(s, keys, record.note_info), fields["note"])
    passphrase = fields["passphrase"]
    opens("keystore", record.bytes("keystore"), lambda s: cs.open_keystore(s, passphrase).phrase, fields["ownerPhrase"])
    card = cs.read_card(fields["readerCard"])
    equal("card's account", card["address"], "0x" + fields["readerAccount"])
    equal("card's key", (card["key"], card["keyVersion"]), (fields["readerKey"], version))


def check_key_and_object(record):
    fields = record.fields
    enc = bytes([2 + fields["wrappedEncOdd"]]) + record.bytes("wrappedEncX")
    keys = record.reader.encryption_keys(record.key_version)
    key = record.owner.record_key(record.id, record.epoch)
    opens("wrapped key", record.bytes("wrappedSealed"), lambda s: cs.hpke_open(enc, s, keys, record.wrap_info), key)
    sealed = record.bytes("object")
    equal("digest", cs.digest(sealed).hex(), fields["digest"])
    opener = lambda s: cs.open_object(s, key, record.content_context).decode()
    opens("object", sealed, opener, fields["content"])
    opens("info", record.bytes("sealedInfo"), lambda s: cs.open_info(s, key, record.info_data), fields["info"])
    equal("content's length", fields["info"]["contentLen"], len(fields["content"].encode()))


def make(length):
    fields = {
        "chainId": 421614,
        "contract": os.urandom(20).hex(),
        "recordId": os.urandom(32).hex(),
        "epoch": 7,
        "version": 9,
        "keyVersion": 3,
        "ownerPhrase": cs.WORDS.generate(256),
        "readerPhrase": cs.WORDS.generate(256),
        "passphrase": "Zwölf ½ Boxkämpfer",
        "content": "0123456789" * (length // 10) + "0123456789"[: length % 10],
        "note": "ノート, for the owner only",
    }
    record = Record(fields)
    for who, person in (("owner", record.owner), ("reader", record.reader)):
        fields[f"{who}Account"] = person.account.hex()
        fields[f"{who}Key"] = person.public_key(record.key_version).hex()
        fields[f"{who}Fingerprint"] = person.fingerprint(record.key_version)
    seal(record)
    card = {
        "name": "Dr. Peer",
        "email": "peer@clinic.example",
        "address": "0x" + fields["readerAccount"],
        "key": fields["readerKey"],
        "keyVersion": record.key_version,
    }
    fields["readerCard"] = cs.make_card(card)
    fields["keystore"] = cs.seal_keystore(record.owner, fields["passphrase"]).hex()
    return fields


def seal(record):
    fields = record.fields
    key = record.owner.record_key(record.id, record.epoch)
    content = fields["content"].encode()
    sealed = cs.seal_object(content, key, record.content_context)
    info = {"title": "Größe", "mediaType": "text/plain", "contentLen": len(content), "locator": "az://clinic/records"}
    enc, wrapped = cs.hpke_seal(key, record.reader.public_key(record.key_version), record.wrap_info)
    note = cs.seal_note(fields["note"], record.owner.public_key(record.key_version), record.note_info)
    fields |= {
        "object": sealed.hex(),
        "digest": cs.digest(sealed).hex(),
        "info": info,
        "sealedInfo": cs.seal_info(info, key, record.info_data).hex(),
        "wrappedEncX": enc[1:].hex(),
        "wrappedEncOdd": enc[0] == 3,
        "wrappedSealed": wrapped.hex(),
        "sealedNote": note.hex(),
    }


def main(arguments):
    match arguments:
        case ["open", *files] if files:
            for file in files:
                with open(file, encoding="utf-8") as source:
                    check(json.load(source))
            print(f"{checks['passed']} passed, 0 failed")
        case ["make", file, length]:
            with open(file, "w", encoding="utf-8") as target:
                json.dump(make(int(length)), target, indent=2)
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
