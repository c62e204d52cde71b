"""Removes personal numbers and addresses from text before it is stored.

By pattern: e-mail addresses, phone numbers, payment cards, CPF and CNPJ. Toll-free and
shared-cost lines (0800, 0300, 4004, UK 03 and 08) belong to companies and are kept.
Every pattern is of bounded length, so the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

# Words right before a number of an order, a parcel or a payment.
_COUNTED = re.compile(
    r"(?:order|pedido|compra|protocolo?|ticket|chamado|case|caso|tracking|rastreio|rastreamento|c[oó]digo|code|"
    r"invoice|fatura|nota(?: fiscal)?|nf-?e?|boleto|sku|ean|barcode|serial|s[eé]rie|imei|refer[eê]n(?:ce|cia)|ref)"
    r"(?:\s+de\s+\w{1,15})?[\s.:#=]{0,3}(?:(?:no|n[ºo°]|n[uú]m(?:ero)?|number|id|code|is|[eé]|foi|was)[\s.:#]{0,3}){0,3}$",
    re.IGNORECASE,
)
_LOOK_BACK = 60

# A number glued to letters, a hash, a path or another number is part of a code.
_START = r"(?<![\w#/@&=.,$€£+-])(?<!\$ )(?<!€ )(?<!£ )"
_END = r"(?![\w@/]|[.,-]\d)"
_GAP = r"[ .\u00a0-]"

_EMAIL = re.compile(
    r"(?<![\w.%+'-])[\w%+'-][\w.%+'-]{0,255}@[^\W_][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,24}(?![\w@])"
)
_CARD = re.compile(
    rf"(?<![\w#/-])(?:[0-9]{{4}}(?:{_GAP}{{1,2}}[0-9]{{4}}){{3}}(?:{_GAP}[0-9]{{1,3}})?"
    rf"|3[0-9]{{3}}{_GAP}{{1,2}}[0-9]{{6}}{_GAP}{{1,2}}[0-9]{{4,5}}|[0-9]{{13,19}})(?![\w]|-[0-9])"
)
_CPF = re.compile(r"(?<![\w#/])(?<!\d[.,-])[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[-. /]?[0-9]{2}(?![\w/]|[.,-]\d)")
_CNPJ = re.compile(
    r"(?<![\w#/])(?<!\d[.,-])[0-9A-Za-z]{2}[. ]?[0-9A-Za-z]{3}[. ]?[0-9A-Za-z]{3}[/ ]?[0-9A-Za-z]{4}[- ]?[0-9]{2}"
    r"(?![\w/]|[.,-]\d)"
)
# Area codes of Brazil: no zero, and 20s, 30s ... without those never given out.
_DDD = r"(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])"
_BR_LOCAL = rf"(?:9{_GAP}?[0-9]{{4}}|[2-5][0-9]{{3}}){_GAP}?[0-9]{{4}}"
_CALL = re.compile(
    r"\b(?:tel(?:\.|efone|ephone)?|fone|celular|cel|m[oó]vel|whats(?:app)?|zap|wpp|phone|mobile|cell|call|ring|text|"
    r"ligu?e[mi]?|ligar|liga|contato|contacto|contact)"
    r"(?:[\s:.=-]{1,3}(?:me|us|back|is|[eé]|no|on|at|to|for|number|n[uú]mero|n[ºo°]|meu|my|para|pro|em|o|the|de)\b){0,4}"
    r"[\s:.=-]{0,3}(?P<number>[+(]{0,2}[0-9][0-9 ().\u00a0-]{6,22}[0-9])(?!\w)",
    re.IGNORECASE,
)
_PHONES = tuple(
    re.compile(_START + pattern + _END)
    for pattern in (
        # Any country, as +CC; (0) may stand between, as in +44 (0)20.
        rf"\+[1-9][0-9]{{0,2}}{_GAP}{{0,2}}(?:\(0?[0-9]{{1,4}}\){_GAP}{{0,2}})?[0-9]{{1,14}}(?:{_GAP}[0-9]{{2,12}}){{0,5}}",
        rf"00[1-9][0-9]{{0,2}}{_GAP}[0-9]{{1,4}}(?:{_GAP}[0-9]{{2,6}}){{1,4}}",
        # Brazil: with the area code in brackets, after 55, as a spaced number, as a bare mobile.
        rf"(?:55{_GAP}?)?\(0?{_DDD}\){_GAP}{{0,2}}{_BR_LOCAL}",
        rf"55{_GAP}?{_DDD}{_GAP}?9{_GAP}?[0-9]{{4}}{_GAP}?[0-9]{{4}}",
        rf"0?{_DDD}{_GAP}(?:9{_GAP}?[0-9]{{4}}|[2-5][0-9]{{3}}){_GAP}[0-9]{{4}}",
        rf"0?{_DDD}{_GAP}?9[0-9]{{4}}{_GAP}?[0-9]{{4}}",
        r"9[0-9]{4}-[0-9]{4}",
        # Portugal, as people group it.
        r"9[1236][0-9] [0-9]{3} [0-9]{3}",
        # United Kingdom: areas (01, 02) grouped, mobiles (07) also bare.
        rf"\(?0(?:1[0-9]{{2,4}}|2[0-9]{{1,2}})\)?{_GAP}[0-9]{{3,6}}(?:{_GAP}[0-9]{{3,4}})?",
        rf"07[0-9]{{3}}{_GAP}?[0-9]{{3}}{_GAP}?[0-9]{{3}}",
        # North America, as people group it.
        r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.-])[2-9][0-9]{2}[.-][0-9]{4}",
    )
)
_TOLL_FREE = re.compile(r"(?:0?[38]00|0[38]\d\d|4004|4003|3003)")
_YEARS = re.compile(r"(?:19|20)\d\d\D(?:19|20)\d\d$")


class Scrubber:
    """Replaces personal data by [email], [phone], [card], [cpf], [cnpj].

    `own_contacts` are the team's own addresses and numbers, which answers may give out;
    a number is recognized in any grouping.
    """

    def __init__(self, own_contacts: Iterable[str] = ()) -> None:
        self._own = {_normal(contact) for contact in own_contacts if contact.strip()}

    def scrub(self, text: str) -> str:
        """`text` with a marker in the place of each find; scrubbing twice changes nothing more."""
        if "@" in text:
            text = _EMAIL.sub(self._marker("[email]", lambda match: True), text)
        text = _CARD.sub(self._marker("[card]", _is_card), text)
        text = _CNPJ.sub(self._marker("[cnpj]", _is_cnpj), text)
        text = _CPF.sub(self._marker("[cpf]", _is_cpf), text)
        text = _CALL.sub(self._called, text)
        for pattern in _PHONES:
            text = pattern.sub(self._marker("[phone]", _is_phone), text)
        return text

    def _marker(self, marker: str, holds: Callable[[re.Match[str]], bool]) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            found = match.group()
            return found if _normal(found) in self._own or not holds(match) else marker

        return replace

    def _called(self, match: re.Match[str]) -> str:
        """Replace a number right after words such as "call me on", whatever its form."""
        whole, number = match.group(), match.group("number")
        digits = _digits(number)
        if not 8 <= len(digits) <= 15 or _TOLL_FREE.match(digits) or _normal(number) in self._own:
            return whole
        return whole[: match.start("number") - match.start()] + "[phone]"


def _is_card(match: re.Match[str]) -> bool:
    digits = _digits(match.group())
    known = {13: "4", 14: "3", 15: "3", 16: "23456", 17: "56", 18: "56", 19: "456"}[len(digits)]
    if digits[0] not in known:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and not _is_counted(match)


def _is_cpf(match: re.Match[str]) -> bool:
    digits = _digits(match.group())
    if len(set(digits)) == 1:
        return False
    fits = all(_check_digit(digits[:size], range(size + 1, 1, -1)) == digits[size] for size in (9, 10))
    return fits and not _is_counted(match)


def _is_cnpj(match: re.Match[str]) -> bool:
    """Digits, or since July 2026 letters too (each worth its ASCII code less 48; Receita Federal, IN 2.229/2024)."""
    found = match.group().upper()
    code = re.sub(r"[^0-9A-Z]", "", found)
    if len(set(code)) == 1:
        return False
    # Fourteen letters and digits in a row are more often a parcel's code.
    if not code.isdigit() and "/" not in found and not re.search(r"cnpj\W{0,3}$", _before(match), re.IGNORECASE):
        return False
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    fits = all(_check_digit(code[:size], weights[13 - size :]) == code[size] for size in (12, 13))
    return fits and not _is_counted(match)


def _check_digit(code: str, weights: Iterable[int]) -> str:
    rest = sum((ord(character) - 48) * weight for character, weight in zip(code, weights, strict=True)) % 11
    return str(0 if rest < 2 else 11 - rest)


def _is_phone(match: re.Match[str]) -> bool:
    found = match.group()
    digits = _digits(found)
    if found.startswith("+"):
        return 8 <= len(digits) <= 15
    if not 9 <= len(digits) <= 16 or _TOLL_FREE.match(digits) or _YEARS.search(found):
        return False
    return not _is_counted(match)


def _is_counted(match: re.Match[str]) -> bool:
    return bool(_COUNTED.search(_before(match)))


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _LOOK_BACK) : match.start()]


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _normal(contact: str) -> str:
    """One form for all spellings of an address or number; Brazil's country code is optional."""
    contact = contact.strip()
    if "@" in contact or any(character.isalpha() for character in contact):
        return contact.casefold()
    digits = _digits(contact)
    return digits.removeprefix("55") if contact.startswith("+55") else digits
