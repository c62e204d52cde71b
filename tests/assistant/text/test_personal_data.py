"""What must go, what must stay, and how long it may take."""

from __future__ import annotations

import time

import pytest

from assistant.text.personal_data import Scrubber

GONE = [
    ("Write to ana.souza+loja@exemplo.com.br, please.", "Write to [email], please."),
    ("Meu e-mail é JOÃO_99@Correio.Exemplo.pt.", "Meu e-mail é [email]."),
    ("<bob@example.co.uk>", "<[email]>"),
    ("mailto:x@y.org?subject=hi", "mailto:[email]?subject=hi"),
    ("Meu celular é (11) 98765-4321, me liguem", "Meu celular é [phone], me liguem"),
    ("(021) 3456-7890", "[phone]"),
    ("whats 11 98765 4321", "whats [phone]"),
    ("ligue 11987654321 hoje", "ligue [phone] hoje"),
    ("+55 11 98765-4321", "[phone]"),
    ("+5511987654321", "[phone]"),
    ("5511987654321", "[phone]"),
    ("fixo 11 3456-7890", "fixo [phone]"),
    ("meu número 98765-4321", "meu número [phone]"),
    ("tel: 3456-7890", "tel: [phone]"),
    ("Telefone: 21 861 47 21", "Telefone: [phone]"),
    ("call me on 020 7946 0958.", "call me on [phone]."),
    ("My mobile is 07700 900123", "My mobile is [phone]"),
    ("07700900123", "[phone]"),
    ("(020) 7946 0958", "[phone]"),
    ("+44 (0)20 7946 0958", "[phone]"),
    ("+44 7700 900 123", "[phone]"),
    ("01632 960001", "[phone]"),
    ("+1 (415) 555-0132", "[phone]"),
    ("415-555-0132", "[phone]"),
    ("+351 912 345 678", "[phone]"),
    ("912 345 678", "[phone]"),
    ("00351 912 345 678", "[phone]"),
    ("+49 30 901820", "[phone]"),
    ("Card 4111 1111 1111 1111 was charged", "Card [card] was charged"),
    ("cartão 4111-1111-1111-1111.", "cartão [card]."),
    ("5555555555554444", "[card]"),
    ("amex 3782 822463 10005", "amex [card]"),
    ("paguei 2 vezes no 4111111111111111", "paguei 2 vezes no [card]"),
    ("CPF 529.982.247-25", "CPF [cpf]"),
    ("cpf:52998224725", "cpf:[cpf]"),
    ("529 982 247 25", "[cpf]"),
    ("CNPJ 11.222.333/0001-81", "CNPJ [cnpj]"),
    ("11222333000181", "[cnpj]"),
    ("12.ABC.345/01DE-35", "[cnpj]"),
    ("CNPJ 12ABC34501DE35", "CNPJ [cnpj]"),
    ("12.abc.345/01de-35", "[cnpj]"),
    ("Ana, ana@x.com, 529.982.247-25, (11) 98765-4321", "Ana, [email], [cpf], [phone]"),
]

KEPT = [
    "My order 4000123456 has not arrived",
    "Pedido nº 11987654321 não chegou",
    "pedido #20240115001",
    "order number is 4111111111111111",
    "order 702-1234567-1234567",
    "Rastreio AA123456789BR",
    "tracking 1Z999AA10123456784",
    "LB987654321CN",
    "It costs R$ 1.234.567,89 or $12,345,678.90",
    "R$ 11987654321",
    "CEP 01310-100 e 01310100",
    "2024-05-13, 13/05/2024, 13.05.2024 10:30:15, 05/13/2024",
    "de 12/2023 a 01/2024, 2023-2024",
    "Call 0800 591 2117 or 0300 123 4567 or 4004-1234",
    "EAN 7891234567895",
    "NF-e 35240512345678000190550010000012341000012345",
    "cpf 123.456.789-00 is a wrong number",
    "11.222.333/0001-82",
    "card 4111 1111 1111 1112",
    "version 1.2.3.4 and 192.168.100.200",
    "https://shop.example/item/11987654321?x=11987654321",
    "npm i pkg@1.2.3",
    "a@b is not an address",
    "Error 0x80070005, 550e8400-e29b-41d4-a716-446655440000",
    "10 a 15 dias úteis, 30% off, 3 x 199,90",
    "iPhone 15 Pro 256 GB, 220-240 V, 60 x 40 x 20 cm",
    "12ABC34501DE35",
    "Hi {name}, order {order_number} 🙂",
    "",
]


@pytest.mark.parametrize(("text", "expected"), GONE)
def test_personal_data_goes(text: str, expected: str) -> None:
    assert Scrubber().scrub(text) == expected


@pytest.mark.parametrize("text", KEPT)
def test_other_numbers_stay(text: str) -> None:
    assert Scrubber().scrub(text) == text


@pytest.mark.parametrize(("text", "scrubbed"), GONE)
def test_scrubbing_twice_changes_nothing_more(text: str, scrubbed: str) -> None:
    assert Scrubber().scrub(scrubbed) == scrubbed


def test_own_contacts_survive_in_any_spelling() -> None:
    scrubber = Scrubber(["Help@Shop.example", "+55 (11) 3456-7890", "020 7946 0958", " "])
    text = (
        "help@shop.example, (11) 3456-7890, +55 11 3456 7890, tel: 11 34567890, 020 7946 0958, ana@x.com, 07700 900123"
    )
    assert scrubber.scrub(text) == (
        "help@shop.example, (11) 3456-7890, +55 11 3456 7890, tel: 11 34567890, 020 7946 0958, [email], [phone]"
    )


HOSTILE = [
    "1",
    "a",
    "a@",
    "1 ",
    "1-",
    "(11) ",
    "+",
    "+1 ",
    "call me on ",
    "a.",
    "x@a.",
    "11 9 ",
    "A1",
    " ",
    "%",
    "a-",
    "pedido . ",
    "order 4111111111111111 ",
    "529.982.247-25 ",
    "4111 ",
    "tel:1 ",
    "é",
    "\u0301",
    "00 1",
    "no ",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear_in_hostile_input(unit: str) -> None:
    scrubber = Scrubber()

    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        start = time.process_time()
        scrubber.scrub(text)
        return time.process_time() - start

    # Four times the text: linear is 4, quadratic 16. Very short times are noise.
    small = min(seconds(25_000) for _ in range(2))
    assert seconds(100_000) < max(0.1, 9 * small)
