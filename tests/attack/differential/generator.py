"""Request-targets by number: the same seed and index give the same bytes, whatever was generated before."""

import random

import grammar
from seeds import read_seeds

HEX = tuple(b"%%%02x" % value for value in range(256))
UPPER_HEX = tuple(b"%%%02X" % value for value in range(256))


class Targets:
    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random()
        self.seeds = read_seeds()

    def restart(self, index):
        """Everything that follows depends on the seed and this index only."""
        self.random.seed((self.seed << 40) + index)

    def make(self, index):
        """(uid of the token to send, request-target)."""
        self.restart(index)
        return self.next()

    def next(self):
        draw = self.random.random
        uid = self.pick(grammar.UIDS)
        if draw() < 0.08:
            target = self.pick(self.seeds)
            if draw() < 0.7:
                target = self.mutate(target)
        elif draw() < 0.2:
            target = self.sound(uid)
            if draw() < 0.5:
                target = self.mutate(target)
        elif draw() < 0.12:
            target = self.pick(grammar.ATTACKS).replace(b"U", self.plain(uid))
            target = target.replace(b"V", self.pick(grammar.OTHERS))
            if draw() < 0.4:
                target = self.mutate(target)
        else:
            target = self.derive(uid)
            if draw() < 0.3:
                target = self.mutate(target)
        return uid, target

    def honest(self, uid):
        """A target of that user that has one meaning."""
        parts = []
        for part in self.pick(grammar.SHAPES):
            if part == b"U":
                part = self.plain(uid)
            elif part == b"P":
                part = b"a/b"
            parts.append(part)
        return b"/" + b"/".join(parts)

    def sound(self, uid):
        """As honest, in one of its many spellings."""
        parts = []
        for part in self.honest(uid).split(b"/")[1:]:
            for at in range(len(part)):
                if b"%" not in part and self.random.random() < 0.1:
                    part = part[:at] + HEX[part[at]] + part[at + 1 :]
            parts.append(part)
        query = self.pick(grammar.QUERIES) if self.random.random() < 0.2 else b""
        return b"/" + b"/".join(parts) + (b"/" if self.random.random() < 0.1 else b"") + query

    def pick(self, options):
        return options[int(self.random.random() * len(options))]

    def derive(self, uid):
        """A shape of the grammar with some of its places taken by something dangerous."""
        draw, pick = self.random.random, self.pick
        danger = draw() * draw() * 0.5  # the share of places: mostly few, sometimes many
        target = pick(grammar.FORMS) if draw() < danger else b"/"
        first = True
        for part in pick(grammar.SHAPES):
            if not first:
                target += pick(grammar.SEPARATORS) if draw() < danger else b"/"
            first = False
            if part == b"U":
                part = self.user(uid, danger)
            elif part == b"P":
                part = pick(grammar.TAILS)
            elif draw() < danger:
                part = self.spell(part)
            if draw() < danger * 0.6:
                part += pick(grammar.SUFFIXES)
            target += part
        if draw() < 0.1:
            target += b"/"
        if draw() < 0.2:
            target += pick(grammar.QUERIES)
        return target

    def user(self, uid, danger):
        """The user's place: mostly the attacker herself, or the victim, or both in one."""
        draw = self.random.random
        chance = draw()
        if chance < 0.55:
            name = self.plain(uid)
        elif chance < 0.75:
            name = self.pick(grammar.OTHERS)
        elif chance < 0.9:
            names = [uid, self.pick(grammar.OTHERS)]
            self.random.shuffle(names)
            return self.pick(grammar.SEPARATORS).join(names)
        else:
            name = uid
        return self.spell(name) if draw() < danger else name

    def plain(self, uid):
        """A uid as an honest client writes it into a path."""
        return b"".join(UPPER_HEX[byte] if byte in b'%/\\?# {}^`|"<>' else bytes([byte]) for byte in uid)

    def spell(self, text):
        """The same text for somebody: encoded, doubly encoded, in another case, overlong, fullwidth."""
        draw = self.random.random
        way = int(draw() * 9)
        if way < 4:
            table = HEX if way < 2 else UPPER_HEX
            share = 0.3 if way % 2 else 1.0
            return b"".join(table[byte] if draw() < share else bytes([byte]) for byte in text)
        if way == 4:
            return b"".join(b"%25" + HEX[byte][1:] for byte in text)
        if way == 5:
            return text.swapcase()
        if not text:
            return b"%"
        at = int(draw() * len(text))
        byte = text[at]
        if way == 6:
            odd = b"%%C%X%%%02X" % (byte >> 6, 0x80 | (byte & 0x3F))  # overlong in two bytes
        elif way == 7:
            odd = b"%u00" + HEX[byte][1:]
        elif byte > 0x5F:
            odd = b"%EF%BD" + UPPER_HEX[0x80 | ((byte - 0x20) & 0x3F)]  # fullwidth
        else:
            odd = b"%%" + HEX[byte][1:]
        return text[:at] + odd + text[at + 1 :]

    def mutate(self, target):
        for _ in range(1 + int(self.random.random() * 3)):
            target = self.mutate_once(target)
        return target

    def mutate_once(self, target):
        draw, pick = self.random.random, self.pick
        way = int(draw() * 11)
        at = int(draw() * (len(target) + 1))
        end = min(len(target), at + 1 + int(draw() * 6))
        if way == 0:
            return target[:at] + pick(grammar.BYTES) + target[at:]
        if way == 1:
            return target[:at] + target[end:]
        if way == 2:
            return target[:at] + pick(grammar.BYTES) + target[at + 1 :]
        if way == 3:
            return target[:at] + self.spell(target[at:end]) + target[end:]
        if way == 4:
            return target[:at] + target[at:end] + target[at:]
        if way == 5:
            return target[:at] + pick(grammar.SEPARATORS) + target[at:]
        if way == 6:
            return target[:at] + pick(grammar.SUFFIXES) + target[at:]
        if way == 7:
            return target[:at] + pick(self.seeds)
        if way == 8:
            return target[:at] + pick(HEX if draw() < 0.5 else UPPER_HEX) + target[at:]
        if way == 9:
            return target[:at] + bytes([0x21 + int(draw() * 0x5E)]) + target[at:]
        return target.replace(b"alice", b"bob", 1) if draw() < 0.5 else target.replace(b"bob", b"alice", 1)
